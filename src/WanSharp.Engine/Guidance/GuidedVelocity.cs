using System.Numerics.Tensors;

namespace WanSharp.Engine.Guidance;

/// <summary>Classifier-free guidance: away from the negative prompt's velocity, towards and beyond the prompt's.</summary>
internal static class GuidedVelocity
{
    private const int ChunkLength = 4096;

    /// <summary><c>guided = unconditional + scale · (conditional − unconditional)</c>, in the official order of operations.</summary>
    /// <remarks>Source: Wan-Video/Wan2.1:wan/text2video.py, generate.</remarks>
    public static void Combine(ReadOnlySpan<float> conditional, ReadOnlySpan<float> unconditional, float scale, Span<float> guided)
    {
        TensorPrimitives.Subtract(conditional, unconditional, guided);
        TensorPrimitives.Multiply(guided, scale, guided);
        TensorPrimitives.Add(unconditional, guided, guided);
    }

    /// <summary>
    /// CFG-Zero* (Fan et al., arXiv 2503.18886): the negative prompt's velocity is first brought to the length at which it is nearest to
    /// the prompt's, α = ⟨c, u⟩ / (‖u‖² + 10⁻⁸), <c>guided = α·u + scale · (c − α·u)</c>.
    /// </summary>
    /// <remarks>Source: WeichenFan/CFG-Zero-star:models/wan/wan_pipeline.py, <c>optimized_scale</c>.</remarks>
    public static void CombineZeroStar(ReadOnlySpan<float> conditional, ReadOnlySpan<float> unconditional, float scale, Span<float> guided)
    {
        const double Epsilon = 1e-8;
        var alpha = Dot(conditional, unconditional) / (Dot(unconditional, unconditional) + Epsilon);

        // α·u + s·(c − α·u) = s·c + (1 − s)·α·u
        TensorPrimitives.Multiply(conditional, scale, guided);
        TensorPrimitives.MultiplyAdd(unconditional, (float)((1 - (double)scale) * alpha), guided, guided);
    }

    /// <summary>A sum of products, added up in binary64.</summary>
    public static double Dot(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        var sum = 0.0;
        for (var start = 0; start < left.Length; start += ChunkLength)
        {
            var length = Math.Min(ChunkLength, left.Length - start);
            sum += TensorPrimitives.Dot(left.Slice(start, length), right.Slice(start, length));
        }

        return sum;
    }
}
