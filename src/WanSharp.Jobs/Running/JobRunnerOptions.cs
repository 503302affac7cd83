using WanSharp.Engine;
using WanSharp.Jobs.Results;

namespace WanSharp.Jobs.Running;

/// <summary>How a <see cref="JobRunner"/> works.</summary>
public sealed record JobRunnerOptions
{
    /// <summary>The most jobs that are in the backend at once; it batches and overlaps them. 1 to 256.</summary>
    public int Concurrency { get; init; } = 1;

    /// <summary>How often a job may fail before it has failed for good; errors of its request do so at once. 1 to 100.</summary>
    public int Attempts { get; init; } = 3;

    /// <summary>How often the state of a denoise is saved: what a killed process loses at most of each clip.</summary>
    public TimeSpan SnapshotInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Clips that were made before; null to make each.</summary>
    public IResultCache? Results { get; init; }

    /// <summary>
    /// Whether the clip of an equal job will do though it began with steps of a similar one (<see cref="JobOutcome.Reused"/>).
    /// </summary>
    public bool AcceptsReused { get; init; }

    /// <summary>
    /// Reads the settings that a clip carries, as one line of JSON; null for one that carries none. Null where clips carry none.
    /// </summary>
    public Func<string, CancellationToken, Task<string?>>? ReadSettings { get; init; }

    /// <summary>Receives what happens; called from any thread, one call at a time for a job.</summary>
    public IProgress<JobEvent>? Events { get; init; }

    /// <summary>Whether the runner waits for more jobs when none is left, until it is stopped.</summary>
    public bool WaitsForMore { get; init; }

    /// <summary>Whether a job may be started now; asked before each. Default: always.</summary>
    public Func<bool> MayStart { get; init; } = static () => true;

    /// <summary>Shows each step's estimate of a job's clip; null for none (<see cref="JobRun.Preview"/>).</summary>
    public Func<Job, PreviewFrames, CancellationToken, ValueTask>? Preview { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Concurrency, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Concurrency, 256);
        ArgumentOutOfRangeException.ThrowIfLessThan(Attempts, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Attempts, 100);
    }
}
