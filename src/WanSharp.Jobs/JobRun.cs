using WanSharp.Engine;

namespace WanSharp.Jobs;

/// <summary>One attempt at a job: what a backend needs to know.</summary>
public sealed record JobRun
{
    /// <summary>The job.</summary>
    public required Job Job { get; init; }

    /// <summary>
    /// Where the clip goes; the extension says the format. The folder is this process's own and goes when the process does, so that a
    /// half-written file is never mistaken for a clip: the runner moves it to its place.
    /// </summary>
    public required string ArtifactPath { get; init; }

    /// <summary>Where the state of the denoise is kept between attempts, a file or a folder. The runner deletes it at the end.</summary>
    public required string SnapshotPath { get; init; }

    /// <summary>How often to save that state.</summary>
    public required TimeSpan SnapshotInterval { get; init; }

    /// <summary>Shows each step's estimate of the clip, where the backend has any; null if nobody wants to see it.</summary>
    public Func<PreviewFrames, CancellationToken, ValueTask>? Preview { get; init; }

    /// <summary>Notified of each step and frame. Thread-safe, and fast enough for each of them.</summary>
    public required IProgress<GenerationProgress> Progress { get; init; }
}
