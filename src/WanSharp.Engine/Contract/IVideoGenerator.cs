using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Engine.Reuse;
using WanSharp.Media.Clips;
using WanSharp.Tensors;

namespace WanSharp.Engine;

/// <summary>Makes videos from requests. Decorate it to cache, to queue or to measure.</summary>
/// <remarks>Thread-safe: calls that overlap share the machine, and each stage works for whichever clip is ready.</remarks>
public interface IVideoGenerator : IDisposable
{
    /// <summary>What it has done so far, and what it is doing now.</summary>
    EngineStatistics Statistics { get; }

    /// <summary>Resolves a request into a plan: every setting and every shape. Computes nothing.</summary>
    /// <exception cref="InvalidRequestException">The request cannot be made; the message names the nearest that can.</exception>
    GenerationPlan Plan(GenerationRequest request);

    /// <summary>Finds out whether the clips and pictures that a plan's clip is made after can be read. Reads each once.</summary>
    /// <param name="plan">From <see cref="Plan"/>.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <exception cref="InvalidRequestException">One cannot, or a mask is shorter than what it is for.</exception>
    Task RequireInputsAsync(GenerationPlan plan, CancellationToken cancellationToken);

    /// <summary>Times the strategies that fit a plan, once per machine and model, and chooses the fastest.</summary>
    /// <param name="plan">From <see cref="Plan"/>.</param>
    /// <param name="cancellationToken">Cancels the measurement.</param>
    /// <returns>The plan with the fastest strategy.</returns>
    Task<GenerationPlan> TuneAsync(GenerationPlan plan, CancellationToken cancellationToken);

    /// <summary>
    /// Looks for a stored clip that differs only in its prompt, and only slightly, so that this one could start from its steps.
    /// Encodes the prompt.
    /// </summary>
    /// <param name="plan">From <see cref="Plan"/>.</param>
    /// <param name="steps">The stored steps of earlier clips.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The steps to start from, for <see cref="GenerationRunOptions.Start"/>; null if no clip is similar enough.</returns>
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
    /// Announces that a clip like this one is likely to follow, so that what it needs is compiled while no clip computes. One call
    /// is enough for all clips of the same shape.
    /// </summary>
    /// <param name="plan">From <see cref="Plan"/>.</param>
    /// <param name="cancellationToken">Ends the wait, not the compilation.</param>
    /// <returns>Completes when everything is compiled; it need not be awaited.</returns>
    Task ExpectAsync(GenerationPlan plan, CancellationToken cancellationToken = default);

    /// <summary>Waits for compilation that is still under way for later clips, so that its result is kept on disk.</summary>
    /// <param name="cancellationToken">Ends the wait, not the compilation.</param>
    /// <returns>Why compilation failed; null if it succeeded or if nothing was being compiled.</returns>
    Task<string?> FinishCompilingAsync(CancellationToken cancellationToken);
}
