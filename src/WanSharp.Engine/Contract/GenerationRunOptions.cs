using WanSharp.Engine.Denoising;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Reuse;
using WanSharp.Engine.StepCaches;

namespace WanSharp.Engine;

/// <summary>How one clip is made alongside others. Only <see cref="Start"/> changes what the clip shows.</summary>
public sealed record GenerationRunOptions
{
    /// <summary>Receives every step and every frame that goes to the writer. Default: null.</summary>
    public IProgress<GenerationProgress>? Progress { get; init; }

    /// <summary>
    /// Clips with a higher priority go first; the priority of a waiting clip rises, so that none starves. Default: 0.
    /// </summary>
    public int Priority { get; init; }

    /// <summary>The state that an earlier run of the same plan reached. Default: null, the clip starts from noise.</summary>
    public DenoiseSnapshot? Resume { get; init; }

    /// <summary>
    /// Steps of a similar clip to start from (<see cref="IVideoGenerator.FindSimilarAsync"/>); <see cref="Resume"/> takes
    /// precedence. Default: null, the clip starts from noise.
    /// </summary>
    public SimilarClip? Start { get; init; }

    /// <summary>
    /// Stores some of this clip's steps for reuse by similar prompts. Clips that started from reused steps store nothing. Default:
    /// null, none is stored.
    /// </summary>
    public StepStore? Steps { get; init; }

    /// <summary>
    /// Shows what the clip would be if a step were the last: pictures of the step's estimate of the clean clip. Denoising continues
    /// meanwhile, and no other estimate is made until it returns, except the last step's. An exception from it fails the clip. Default:
    /// null, none is made, and steps cost nothing more.
    /// </summary>
    public Func<PreviewFrames, CancellationToken, ValueTask>? Preview { get; init; }

    /// <summary>What watches a clip's steps instead of its own step cache, to record what step caches go by. Default: null.</summary>
    internal Func<GenerationPlan, StepCache>? StepCache { get; init; }

    /// <summary>Other layers in 8-bit integers than the transformer's, to measure what they lose. Default: null.</summary>
    internal LayerTrial? Trial { get; init; }

    /// <summary>
    /// Saves a snapshot. Denoising continues meanwhile, and no other snapshot is taken until it returns. An exception from it fails
    /// the clip. Default: null, no snapshots are taken.
    /// </summary>
    public Func<DenoiseSnapshot, CancellationToken, ValueTask>? Save { get; init; }

    /// <summary>The time between snapshots; zero takes one after every step. Default: 30 seconds.</summary>
    public TimeSpan SaveInterval { get; init; } = TimeSpan.FromSeconds(30);
}
