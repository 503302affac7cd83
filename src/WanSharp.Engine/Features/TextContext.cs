using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Features;

/// <summary>Token ids as the transformer attends to them: encoded at their real length, then zeros.</summary>
internal static class TextContext
{
    /// <param name="encoder">The model's text encoder.</param>
    /// <param name="ids">Token ids, the end's included, no padding.</param>
    /// <param name="textLength">Rows that the transformer attends to; at least as many as ids.</param>
    /// <param name="cancellationToken">Stops between two operations.</param>
    /// <returns><c>[1, text length, text dim]</c>; the caller disposes it.</returns>
    public static Tensor Encode(TextEncoderRunner encoder, ReadOnlySpan<int> ids, int textLength, CancellationToken cancellationToken)
    {
        using var rows = encoder.Encode(ids, ids.Length, cancellationToken); // [1, length, dim]
        return Padded(rows, textLength);
    }

    /// <summary>[1, length, dim] → [1, text length, dim]: the rows, then zeros; the caller disposes the result.</summary>
    public static Tensor Padded(Tensor rows, int textLength)
    {
        var padded = Tensor.Zeros(DType.F32, [1, textLength, rows.Shape[2]]);
        rows.Read<float>().CopyTo(padded.Write<float>());
        return padded;
    }
}
