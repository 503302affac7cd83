using System.Text.Json;

namespace WanSharp.Jobs.Storage;

/// <summary>What a journal says in the end: of several lines about one output the last counts.</summary>
internal sealed class JournalContent
{
    private readonly Dictionary<string, NewJob> _jobs = [];
    private readonly Dictionary<string, JournalNote> _notes = [];
    private readonly HashSet<string> _known = [];
    private readonly List<string> _order = [];

    /// <summary>The jobs in the order in which they came, each with the last note about it.</summary>
    public IEnumerable<(NewJob Job, JournalNote? Note)> Jobs =>
        _order.Where(_jobs.ContainsKey).Select(output => (_jobs[output], _notes.GetValueOrDefault(output)));

    /// <summary>How many jobs there ever were, those that were deleted too.</summary>
    public int Known => _order.Count;

    /// <summary>With what the batch is made; null when nothing says so.</summary>
    public JsonElement? Settings { get; private set; }

    /// <summary>The outputs of jobs that were deleted, and whose names no other job has taken since.</summary>
    public IEnumerable<string> Removed => _order.Where(output => !_jobs.ContainsKey(output));

    public void Add(NewJob? job)
    {
        if (job is not null)
        {
            if (_known.Add(job.Output))
            {
                _order.Add(job.Output);
            }

            _jobs[job.Output] = job;
            _notes.Remove(job.Output); // another job has the name now
        }
    }

    public void Add(JournalNote? note)
    {
        if (note is { Note: JournalNote.Settings })
        {
            Settings = note.Batch;
        }
        else if (note is { Note: JournalNote.Removed, Output: { } removed })
        {
            if (_known.Add(removed))
            {
                _order.Add(removed); // its own line was left out when the journal was rewritten
            }

            _jobs.Remove(removed);
            _notes.Remove(removed);
        }
        else if (note?.Output is { } output)
        {
            _notes[output] = note;
        }
    }
}
