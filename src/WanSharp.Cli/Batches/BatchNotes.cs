using System.Text.RegularExpressions;
using WanSharp.Cli.Terminal;
using WanSharp.Jobs;

namespace WanSharp.Cli.Batches;

/// <summary>What whoever starts a batch should know of its jobs before they run: a prompt that is cut, say.</summary>
internal static partial class BatchNotes
{
    private const int MostLines = 20;

    /// <summary>A line for each kind of note, with the number of clips that it is about, up to a limit.</summary>
    public static void Write(TextWriter error, IReadOnlyList<NewJob> jobs)
    {
        var kinds = jobs.SelectMany(job => job.Prepared.Notes.Select(note => (Job: job, Note: note)))
            .GroupBy(one => Particulars().Replace(one.Note, "#"))
            .Select(Line)
            .ToList();
        foreach (var note in kinds.Take(MostLines))
        {
            error.WriteLine(PlainText.OneLine(note));
        }

        if (kinds.Count > MostLines)
        {
            error.WriteLine($"note: … and {kinds.Count - MostLines} more; report.json has them all.");
        }
    }

    private static string Line(IEnumerable<(NewJob Job, string Note)> kind)
    {
        var all = kind.ToList();
        var (first, clips) = (all[0], all.Select(one => one.Job.Output).Distinct().Count());
        return clips == 1 ? $"note: {first.Job.Output}: {first.Note}"
            : all.All(one => one.Note == first.Note) ? $"note: {clips} clips: {first.Note}"
            : $"note: {first.Job.Output} and {clips - 1} more, each with its own figures: {first.Note}";
    }

    /// <summary>What is another in the same note about another clip: figures, and what is quoted.</summary>
    [GeneratedRegex("[0-9]+(\\.[0-9]+)?|'[^']*'|\"[^\"]*\"")]
    private static partial Regex Particulars();
}
