using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Engine.Reuse;
using WanSharp.Media.Clips;
using WanSharp.Tensors;

namespace WanSharp.Engine;

/// <summary>Makes videos from requests. Decorate it to cache, to queue or to measure.</summary>
/// <remarks>Thread-safe: calls that overlap share the machine, each stage working for whichever clip is there.</remarks>
public interface IVideoGenerator : IDisposable
{
    /// <summary>What it did so far, and what it does now.</summary>
    EngineStatistics Statistics { get; }

    /// <summary>What would run for a request. Computes nothing.</summary>
    /// <exception cref="InvalidRequestException">The request cannot be made; the message names the nearest that can.</exception>
    GenerationPlan Plan(GenerationRequest request);

    /// <summary>Times the strategies that fit a plan, once per machine and model, and chooses the fastest.</summary>
    /// <param name="plan">From <see cref="Plan"/>.</param>
    /// <param name="cancellationToken">Cancels the measurement.</param>
    /// <returns>The plan with the fastest strategy.</returns>
    Task<GenerationPlan> TuneAsync(GenerationPlan plan, CancellationToken cancellationToken);

    /// <summary>
    /// Looks for a clip that differs by its prompt alone, and by little: one could begin with its steps. Encodes the prompt.
    /// </summary>
    /// <param name="plan">From <see cref="Plan"/>.</param>
    /// <param name="steps">Steps of clips that were made before.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The steps to begin with, for <see cref="GenerationRunOptions.Start"/>; null when no clip is near enough.</returns>
    Task<SimilarClip?> FindSimilarAsync(GenerationPlan plan, StepStore steps, CancellationToken cancellationToken);

    /// <summary>Makes the video of a plan.</summary>
    /// <param name="plan">From <see cref="Plan"/>.</param>
    /// <param name="frames">Receives the frames as they are decoded; the caller completes it.</param>
    /// <param name="options">How the clip is made alongside others. Null: the defaults.</param>
    /// <param name="cancellationToken">Takes effect within a step.</param>
    /// <returns>What the clip cost.</returns>
    /// <exception cref="Denoising.SnapshotMismatchException">The snapshot to resume from is not this plan's, or another
    /// executable's.</exception>
    Task<GenerationStatistics> GenerateAsync(
        GenerationPlan plan,
        IFrameWriter frames,
        GenerationRunOptions? options,
        CancellationToken cancellationToken
    );

    /// <summary>
    /// Says that a clip of this plan, or one like it, is likely to come: what it needs is compiled while no clip computes. Clips of
    /// the same shape
    /// need to be said once.
    /// </summary>
    /// <param name="plan">From <see cref="Plan"/>.</param>
    /// <param name="cancellationToken">Ends the wait, not the compilation.</param>
    /// <returns>Ends when it is compiled; need not be waited for.</returns>
    Task ExpectAsync(GenerationPlan plan, CancellationToken cancellationToken = default) => Task.CompletedTask;

    /// <summary>Waits for what is still compiled for later clips, so that it is kept on disk.</summary>
    /// <param name="cancellationToken">Ends the wait and the compilation.</param>
    /// <returns>Why it failed; null if it did not, or if nothing was being compiled.</returns>
    Task<string?> FinishCompilingAsync(CancellationToken cancellationToken);
}
