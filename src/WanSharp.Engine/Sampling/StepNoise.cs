using System.Numerics.Tensors;
using WanSharp.Engine.Noise;

namespace WanSharp.Engine.Sampling;

/// <summary>
/// The noise that a sampler adds after a step: a function of the clip's seed and the step alone, so that it is the same in any batch,
/// on any lane and after a resume. See docs/noise.md.
/// </summary>
/// <param name="seed">The clip's seed.</param>
internal sealed class StepNoise(ulong seed)
{
    private const int ChunkLength = 4096;

    private readonly float[] _chunk = new float[ChunkLength];

    /// <summary><c>latents ← latents + scale · noise</c>.</summary>
    /// <param name="step">The step that was taken, from 0.</param>
    /// <param name="scale">The noise's standard deviation.</param>
    /// <param name="latents">The latents.</param>
    public void Add(int step, float scale, Span<float> latents)
    {
        var noise = new NoiseGenerator(seed, Stream: (uint)step + 1); // stream 0 is where the clip begins
        for (var start = 0; start < latents.Length; start += ChunkLength)
        {
            var part = latents[start..Math.Min(start + ChunkLength, latents.Length)];
            var chunk = _chunk.AsSpan(0, part.Length);
            noise.Fill(chunk, start);
            TensorPrimitives.MultiplyAdd(chunk, scale, part, part);
        }
    }
}
