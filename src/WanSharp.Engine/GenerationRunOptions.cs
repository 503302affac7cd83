using WanSharp.Engine.Denoising;

namespace WanSharp.Engine;

/// <summary>How one clip is made beside others: nothing here changes what the clip shows.</summary>
public sealed record GenerationRunOptions
{
    /// <summary>Told of every step and of every frame that goes to the writer. Default: null, nobody.</summary>
    public IProgress<GenerationProgress>? Progress { get; init; }

    /// <summary>Clips of a higher priority go first; one that waits rises, so that none starves. Default: 0.</summary>
    public int Priority { get; init; }

    /// <summary>Where an earlier run of the same plan came to. Default: null, the clip begins with noise.</summary>
    public DenoiseSnapshot? Resume { get; init; }

    /// <summary>
    /// Keeps a snapshot. Denoising goes on meanwhile; no snapshot is taken while one is being kept. What it throws fails
    /// the clip. Default: null, none is taken.
    /// </summary>
    public Func<DenoiseSnapshot, CancellationToken, ValueTask>? Save { get; init; }

    /// <summary>The time from one snapshot to the next; zero takes one after each step. Default: 30 seconds.</summary>
    public TimeSpan SaveInterval { get; init; } = TimeSpan.FromSeconds(30);
}
