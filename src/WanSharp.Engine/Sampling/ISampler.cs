namespace WanSharp.Engine.Sampling;

/// <summary>
/// Walks the latents of one clip from noise to a picture along dx/dσ = v(x, σ). It owns the sigmas, the timesteps and
/// its memory of earlier steps, and knows no network: the caller evaluates the velocity.
/// </summary>
/// <remarks>
/// One sampler belongs to one clip and is not thread-safe. Memory is allocated at the first step and kept; later steps
/// allocate nothing. Between steps the caller may overwrite parts of the latents (a clean first frame); the sampler
/// keeps its own history, as the official pipelines do.
/// </remarks>
internal interface ISampler
{
    /// <summary>How many steps lead from noise to the picture.</summary>
    int StepCount { get; }

    /// <summary>The step that <see cref="Advance"/> takes next, from 0; <see cref="StepCount"/> when all are done.</summary>
    int NextStep { get; }

    /// <summary>The noise levels, 1 for pure noise, decreasing; one more than steps, the last is 0.</summary>
    ReadOnlySpan<float> Sigmas { get; }

    /// <summary>
    /// What the network is told about the noise level at each step, 0 to 1000: whole numbers (truncated) for UniPC and
    /// DPM++, σ·1000 as a float for the others; the list that was asked for, if one was.
    /// </summary>
    ReadOnlySpan<float> Timesteps { get; }

    /// <summary>What noise of variance 1 is multiplied by to begin with: 1, except for rCM.</summary>
    float NoiseScale { get; }

    /// <summary>Takes step <see cref="NextStep"/>.</summary>
    /// <param name="velocity">The network's output (guidance applied) for the latents as they are, at <c>Timesteps[NextStep]</c>.</param>
    /// <param name="latents">The noisy latents; replaced by those at <c>Sigmas[NextStep + 1]</c>. The same length at every step.</param>
    /// <exception cref="ArgumentException">The lengths differ from each other or from the earlier steps'.</exception>
    /// <exception cref="InvalidOperationException">All steps were taken.</exception>
    void Advance(ReadOnlySpan<float> velocity, Span<float> latents);

    /// <summary>
    /// Begins at a step that is not the first, with latents of another walk and no memory of it: what follows is as after a first
    /// step.
    /// </summary>
    /// <param name="firstStep">The step that comes next, from 0 to the last.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such step.</exception>
    void Begin(int firstStep);

    /// <summary>A copy of what the sampler remembers.</summary>
    SamplerState Save();

    /// <summary>Continues where <paramref name="state"/> was saved; the state's arrays are copied.</summary>
    /// <exception cref="ArgumentException">The state is not one of a sampler of this kind and step count.</exception>
    void Restore(SamplerState state);
}
