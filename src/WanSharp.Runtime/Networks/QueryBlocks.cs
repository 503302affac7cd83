using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Networks;

/// <summary>Into how many parts an attention in plain operators is cut, so that its scores fit.</summary>
internal static class QueryBlocks
{
    /// <summary>How many parts: a power of two, so that clips of many sizes share few graphs.</summary>
    /// <param name="options">How graphs are written: a fused operator holds no scores.</param>
    /// <param name="configuration">The transformer.</param>
    /// <param name="batch">Rows of a pass.</param>
    /// <param name="tokens">Tokens of a row.</param>
    /// <param name="most">The bytes that scores may take.</param>
    public static int For(GraphOptions options, TransformerConfig configuration, long batch, long tokens, long most)
    {
        if (options is { Lowering: Lowering.Fused, FusedAttention: true })
        {
            return 1;
        }

        // The scores themselves, what softmax makes of them, and that in the type of products.
        var bytesOfEach = (2 * DType.F32.ByteSize()) + (options.Compute == DType.F32 ? 0 : options.Compute.ByteSize());
        var keys = Math.Max(tokens, configuration.TextLength);
        var all = (double)batch * configuration.Heads * tokens * keys * bytesOfEach;
        var blocks = 1;
        while (all > (double)most * blocks && blocks * 2 <= tokens)
        {
            blocks *= 2;
        }

        return blocks;
    }
}
