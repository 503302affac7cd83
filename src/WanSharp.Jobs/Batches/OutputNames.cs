using System.Globalization;

namespace WanSharp.Jobs.Batches;

/// <summary>
/// Names the clips of jobs that name none. A job that the folder has already keeps its name, wherever its line stands now; new ones
/// are numbered
/// after those that are there. In a new folder the numbers are the lines' order.
/// </summary>
public sealed class OutputNames
{
    private readonly Dictionary<string, Queue<string>> _known = [];
    private readonly int _last;
    private int _added;

    /// <summary>Knows the jobs of a folder.</summary>
    /// <param name="jobs">The jobs; none for a new folder.</param>
    public OutputNames(IEnumerable<Job> jobs)
    {
        ArgumentNullException.ThrowIfNull(jobs);
        foreach (var job in jobs)
        {
            var key = Key(job.Request, job.Style, Path.GetExtension(job.Output));
            if (!_known.TryGetValue(key, out var outputs))
            {
                _known[key] = outputs = [];
            }

            outputs.Enqueue(job.Output);
            _last = Math.Max(_last, NumberOf(job.Output));
        }
    }

    /// <summary>The name of a job's clip. Each of several equal jobs gets its own.</summary>
    /// <param name="position">The job's position in its file, from 1.</param>
    /// <param name="request">The request, its seed known.</param>
    /// <param name="prompt">The prompt, without its style.</param>
    /// <param name="style">The style, or null.</param>
    /// <param name="extension">With its dot.</param>
    internal string For(int position, JobRequest request, string prompt, string? style, string extension) =>
        _known.TryGetValue(Key(request, style, extension), out var outputs) && outputs.TryDequeue(out var known)
            ? known
            : ArtifactName.For(_known.Count == 0 ? position : _last + ++_added, prompt, style, request.Seed, extension);

    /// <summary>What decides the job's clip, except the line that it comes from.</summary>
    private static string Key(JobRequest request, string? style, string extension) =>
        $"{extension.ToLowerInvariant()}\n{style}\n{request.ToJson()}";

    private static int NumberOf(string output)
    {
        var end = output.IndexOfAny(['-', '.']);
        return end >= 4 && int.TryParse(output.AsSpan(0, end), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : 0;
    }
}
