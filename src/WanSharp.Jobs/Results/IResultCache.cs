namespace WanSharp.Jobs.Results;

/// <summary>Clips that were made before, by what made them. Thread-safe, and safe among processes.</summary>
public interface IResultCache
{
    /// <summary>Whether a clip is there, without reading it.</summary>
    /// <param name="key">From <see cref="PreparedJob.ResultKey"/>.</param>
    /// <param name="format">The file's format: its extension with the dot, lower case.</param>
    bool Contains(string key, string format);

    /// <summary>
    /// Waits while another job, of this process or of another on the same cache, makes this clip. Take the lock, then look for the clip,
    /// then make and add it: what several want at a time is made once.
    /// </summary>
    /// <param name="key">From <see cref="PreparedJob.ResultKey"/>.</param>
    /// <param name="format">The file's format: its extension with the dot, lower case.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Frees the lock; null where the cache cannot be written and there is nobody to wait for.</returns>
    ValueTask<IDisposable?> LockAsync(string key, string format, CancellationToken cancellationToken);

    /// <summary>Puts a copy of a clip at a path, whole and checked.</summary>
    /// <param name="key">From <see cref="PreparedJob.ResultKey"/>.</param>
    /// <param name="format">The file's format: its extension with the dot, lower case.</param>
    /// <param name="path">Where the copy goes; nothing is there before.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>What making it took; null when there is none, or it was damaged: then nothing is at the path.</returns>
    ValueTask<JobOutcome?> TryGetAsync(string key, string format, string path, CancellationToken cancellationToken);

    /// <summary>Keeps a clip. Never fails the job for it: a cache that cannot be written is not a cache.</summary>
    /// <param name="key">From <see cref="PreparedJob.ResultKey"/>.</param>
    /// <param name="format">The file's format: its extension with the dot, lower case.</param>
    /// <param name="path">The clip; left where it is.</param>
    /// <param name="outcome">What making it took.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    ValueTask AddAsync(string key, string format, string path, JobOutcome outcome, CancellationToken cancellationToken);
}
