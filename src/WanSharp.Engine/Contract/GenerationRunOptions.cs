using WanSharp.Engine.Denoising;
using WanSharp.Engine.Reuse;

namespace WanSharp.Engine;

/// <summary>How one clip is made alongside others: nothing here but <see cref="Start"/> changes what the clip shows.</summary>
public sealed record GenerationRunOptions
{
    /// <summary>Notified of every step and of every frame that goes to the writer. Default: null, nobody.</summary>
    public IProgress<GenerationProgress>? Progress { get; init; }

    /// <summary>Clips of a higher priority go first; one that waits rises, so that none starves. Default: 0.</summary>
    public int Priority { get; init; }

    /// <summary>Where an earlier run of the same plan came to. Default: null, the clip begins with noise.</summary>
    public DenoiseSnapshot? Resume { get; init; }

    /// <summary>
    /// Steps of a similar clip to begin with (<see cref="IVideoGenerator.FindSimilarAsync"/>); <see cref="Resume"/> goes before
    /// it. Default: null, the clip begins with noise.
    /// </summary>
    public SimilarClip? Start { get; init; }

    /// <summary>
    /// Gets some of the clip's steps, for clips of similar prompts; nothing of a clip that began with another's. Default: null,
    /// none is kept.
    /// </summary>
    public StepStore? Steps { get; init; }

    /// <summary>
    /// Keeps a snapshot. Denoising goes on meanwhile; no snapshot is taken while one is being kept. What it throws fails
    /// the clip. Default: null, none is taken.
    /// </summary>
    public Func<DenoiseSnapshot, CancellationToken, ValueTask>? Save { get; init; }

    /// <summary>The time from one snapshot to the next; zero takes one after each step. Default: 30 seconds.</summary>
    public TimeSpan SaveInterval { get; init; } = TimeSpan.FromSeconds(30);
}
