using System.Numerics.Tensors;

namespace WanSharp.Engine.Denoising;

/// <summary>Classifier-free guidance: away from the negative prompt's velocity, towards and beyond the prompt's.</summary>
internal static class GuidedVelocity
{
    /// <summary><c>guided = unconditional + scale · (conditional − unconditional)</c>, in the official order of operations.</summary>
    /// <remarks>Source: Wan-Video/Wan2.1:wan/text2video.py, generate.</remarks>
    public static void Combine(ReadOnlySpan<float> conditional, ReadOnlySpan<float> unconditional, float scale, Span<float> guided)
    {
        TensorPrimitives.Subtract(conditional, unconditional, guided);
        TensorPrimitives.Multiply(guided, scale, guided);
        TensorPrimitives.Add(unconditional, guided, guided);
    }
}
