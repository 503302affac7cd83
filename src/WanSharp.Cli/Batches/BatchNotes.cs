using WanSharp.Cli.Terminal;
using WanSharp.Jobs;

namespace WanSharp.Cli.Batches;

/// <summary>What whoever starts a batch should know of its jobs before they run: a prompt that is cut, say.</summary>
internal static class BatchNotes
{
    private const int MostLines = 20;

    /// <summary>A line for each note, up to a limit.</summary>
    public static void Write(TextWriter error, IReadOnlyList<NewJob> jobs)
    {
        var notes = jobs.SelectMany(job => job.Prepared.Notes.Select(note => $"note: {job.Output}: {note}")).ToList();
        foreach (var note in notes.Take(MostLines))
        {
            error.WriteLine(PlainText.OneLine(note));
        }

        if (notes.Count > MostLines)
        {
            error.WriteLine($"note: … and {notes.Count - MostLines} more; report.json has them all.");
        }
    }
}
