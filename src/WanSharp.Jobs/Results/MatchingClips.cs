using WanSharp.Engine.Requests;
using WanSharp.Jobs.Storage;
using WanSharp.Media;
using WanSharp.Media.Clips;

namespace WanSharp.Jobs.Results;

/// <summary>Tells whose a clip is by the settings that it carries.</summary>
public static class MatchingClips
{
    /// <summary>The outputs of jobs that are in a folder already: whole clips that carry their job's settings.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="jobs">The jobs.</param>
    /// <param name="read">Reads the settings of a clip.</param>
    /// <param name="acceptsReused">Whether a clip will do that began with steps of a similar one.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public static async Task<IReadOnlySet<string>> FindAsync(
        string folder,
        IEnumerable<NewJob> jobs,
        Func<string, CancellationToken, Task<string?>>? read,
        bool acceptsReused,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(jobs);
        var found = new HashSet<string>();
        foreach (var job in jobs)
        {
            var path = Path.Combine(folder, job.Output);
            if (
                File.Exists(path)
                && ClipStructure.IsWhole(path)
                && await AreOfAsync(path, job.Prepared.Settings, read, acceptsReused, cancellationToken).ConfigureAwait(false)
            )
            {
                found.Add(job.Output);
            }
        }

        return found;
    }

    /// <summary>Whether a clip carries a job's settings.</summary>
    internal static async Task<bool> AreOfAsync(
        string path,
        string? job,
        Func<string, CancellationToken, Task<string?>>? read,
        bool acceptsReused,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return job is not null
                && read is not null
                && await read(path, cancellationToken).ConfigureAwait(false) is { } says
                && SettingsDifference.AreOf(says, job)
                && (acceptsReused || GenerationSettings.FromJson(says)?.Reused is null);
        }
        catch (MediaException)
        {
            return false; // not a clip
        }
    }
}
