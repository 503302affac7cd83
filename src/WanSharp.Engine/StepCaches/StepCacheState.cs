namespace WanSharp.Engine.StepCaches;

/// <summary>What a step cache remembers between two steps.</summary>
/// <param name="Numbers">Its counts and sums; what they are is the cache's own matter.</param>
/// <param name="Arrays">Latents and velocities, or what blocks added.</param>
internal sealed record StepCacheState(IReadOnlyList<double> Numbers, IReadOnlyList<float[]> Arrays);
