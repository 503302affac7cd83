using System.Numerics.Tensors;

namespace WanSharp.Engine.Reuse;

/// <summary>A prompt as one vector: the mean of its rows, at length 1, so that a product of two is the cosine between them.</summary>
internal static class PromptEmbedding
{
    /// <param name="context">[1, rows, dim]; rows of zeros after the prompt's own change nothing.</param>
    /// <returns>[dim].</returns>
    public static float[] Of(WanSharp.Tensors.Tensor context)
    {
        var dim = (int)context.Shape[2];
        var sum = new float[dim];
        for (var rows = context.Read<float>(); rows.Length > 0; rows = rows[dim..])
        {
            TensorPrimitives.Add(sum, rows[..dim], sum);
        }

        var norm = TensorPrimitives.Norm(sum);
        if (norm > 0)
        {
            TensorPrimitives.Divide(sum, norm, sum);
        }

        return sum;
    }
}
