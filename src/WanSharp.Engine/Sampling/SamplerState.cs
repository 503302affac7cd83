namespace WanSharp.Engine.Sampling;

/// <summary>
/// What a sampler remembers between two steps, in addition to the latents themselves: enough to go on after a restart with the
/// same bits as without one. Restore it into a sampler made from the same options.
/// </summary>
/// <param name="NextStep">The step that comes next, from 0; the step count when all are done.</param>
/// <param name="History">
/// Copies of the sampler's buffers, each as long as the latents: earlier predictions of the clean latents, newest first,
/// and for UniPC the sample before the last prediction. Empty before the first step, and always for samplers of
/// one evaluation a step: the noise that some add is a function of the seed.
/// </param>
/// <param name="FirstStep">The step that was taken first: 0, but where <see cref="ISampler.Begin"/> said otherwise.</param>
internal sealed record SamplerState(int NextStep, IReadOnlyList<float[]> History, int FirstStep = 0);
