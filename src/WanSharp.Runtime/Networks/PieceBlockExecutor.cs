using WanSharp.Graphs.Networks;
using WanSharp.Runtime.Adapters;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Networks;

/// <summary>
/// Runs each block piece by piece: first the keys and values of all tokens, then all the rest of some tokens at a time. The
/// numbers stay, up to rounding; what shrinks is the memory of a block's run, whose feed-forward layer is several times as wide as the
/// model.
/// </summary>
/// <remarks>In host memory, where a piece is a view.</remarks>
/// <param name="selfKeys">The runs that make keys and values.</param>
/// <param name="rows">The runs that do the rest.</param>
/// <param name="keys">The contexts' keys and values.</param>
/// <param name="most">The most tokens of a piece.</param>
internal sealed class PieceBlockExecutor(IBlockWeights selfKeys, IBlockWeights rows, JoinedKeys keys, int most) : IBlockExecutor
{
    private Tensor? _keys;
    private Tensor? _values;

    /// <summary>Gives LoRAs to the runs that make keys and values; null for none.</summary>
    public AdapterInputs? KeyAdapters { get; init; }

    /// <summary>Gives LoRAs to the runs that do the rest; null for none.</summary>
    public AdapterInputs? RowAdapters { get; init; }

    /// <summary>Joins the keys and values of negative prompts; null for blocks that do not guide their attention.</summary>
    public JoinedKeys? Negatives { get; init; }

    public int Count => rows.Count;

    public void Run(int block, BlockValues values, CancellationToken cancellationToken)
    {
        var (x, result, e0) = (values.X.AsTensor(), values.Result.AsTensor(), values.E0.AsTensor());
        var inputs = new PieceInputs(x, e0, values.Cos.AsTensor(), values.Sin.AsTensor());
        Shape one = [1, x.Shape[1], x.Shape[2]];
        var (allKeys, allValues) = (Buffer(ref _keys, one), Buffer(ref _values, one));
        TokenPiece[] pieces = [.. TokenPiece.Of(x.Shape[1], e0.Shape[1], most)];
        var (making, resting) = (selfKeys.Take(block), rows.Take(block));
        for (var sample = 0; sample < x.Shape[0]; sample++)
        {
            AdapterUse?[] adapter = [values.Adapters[sample]];
            var prefix = TransformerGraphs.BlockPrefix(block);
            try
            {
                KeyAdapters?.Bind(making, prefix, adapter, cancellationToken);
                foreach (var piece in pieces)
                {
                    inputs.Set(making, sample, piece);
                    making.SetOutput("self_keys", Part(allKeys, 0, piece));
                    making.SetOutput("self_values", Part(allValues, 0, piece));
                    making.Run(cancellationToken).Dispose();
                }
            }
            finally
            {
                KeyAdapters?.Unbind(making);
            }

            resting.SetInput("self_keys", allKeys); // [1, all_tokens, dim]
            resting.SetInput("self_values", allValues);
            keys.Bind(resting, "", block, [values.Contexts[sample]], cancellationToken); // [1, text_rows, dim] each
            try
            {
                if (Negatives is not null)
                {
                    values.Negatives!.Bind(resting, Negatives, block, sample, cancellationToken);
                }

                RowAdapters?.Bind(resting, prefix, adapter, cancellationToken);
                foreach (var piece in pieces)
                {
                    inputs.Set(resting, sample, piece);
                    resting.SetOutput("x_out", Part(result, sample, piece));
                    resting.Run(cancellationToken).Dispose();
                }
            }
            finally
            {
                RowAdapters?.Unbind(resting);
                if (Negatives is not null)
                {
                    NegativeRows.Unbind(resting, Negatives);
                }

                keys.Unbind(resting, "");
            }
        }
    }

    public void ReleaseMemory()
    {
        selfKeys.ReleaseMemory();
        rows.ReleaseMemory();
        KeyAdapters?.ReleaseMemory();
        RowAdapters?.ReleaseMemory();
        _keys?.Dispose();
        _values?.Dispose();
        (_keys, _values) = (null, null);
    }

    public void Dispose()
    {
        ReleaseMemory();
        selfKeys.Dispose();
        rows.Dispose();
        keys.Dispose();
        Negatives?.Dispose();
    }

    private static Tensor Part(Tensor tensor, long sample, TokenPiece piece) => Rows(tensor, sample, piece.Start, piece.Length);

    /// <summary>[batch, rows, …] → [1, count, …], a view.</summary>
    private static Tensor Rows(Tensor tensor, long sample, long first, long count)
    {
        var dims = tensor.Shape.Dims;
        return tensor.Reshape([dims[0] * dims[1], .. dims[2..]]).Slice((sample * dims[1]) + first, count).Reshape([1, count, .. dims[2..]]);
    }

    private static Tensor Buffer(ref Tensor? buffer, Shape shape)
    {
        if (buffer?.Shape != shape)
        {
            buffer?.Dispose();
            buffer = Tensor.Zeros(DType.F32, shape);
        }

        return buffer;
    }

    /// <summary>What both runs take of a piece.</summary>
    private readonly record struct PieceInputs(Tensor X, Tensor E0, Tensor Cos, Tensor Sin)
    {
        public void Set(PreparedRun run, int sample, TokenPiece piece)
        {
            run.SetInput("x", Part(X, sample, piece)); // [1, tokens, dim]
            run.SetInput("e0", Rows(E0, sample, piece.FirstGroup, piece.Groups)); // [1, groups, 6, dim]
            run.SetInput("rope_cos", Cos.Slice(piece.Start, piece.Length)); // [tokens, head_dim / 2]
            run.SetInput("rope_sin", Sin.Slice(piece.Start, piece.Length));
        }
    }
}
