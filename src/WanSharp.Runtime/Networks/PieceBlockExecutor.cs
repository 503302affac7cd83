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
/// <param name="configuration">The network's dimensions.</param>
/// <param name="most">The most tokens of a piece.</param>
internal sealed class PieceBlockExecutor(
    IBlockWeights selfKeys,
    IBlockWeights rows,
    JoinedKeys keys,
    TransformerConfig configuration,
    int most
) : IBlockExecutor
{
    private readonly Tensor?[] _self = new Tensor?[4]; // keys and values of the clip, then of the control

    /// <summary>Gives LoRAs to the runs that make keys and values; null for none.</summary>
    public BlockAdapters? KeyAdapters { get; init; }

    /// <summary>Gives LoRAs to the runs that do the rest; null for none.</summary>
    public BlockAdapters? RowAdapters { get; init; }

    /// <summary>Joins the keys and values of negative prompts; null for blocks that do not guide their attention.</summary>
    public JoinedKeys? Negatives { get; init; }

    public int Count => rows.Count;

    public bool IsControlled(int block) => configuration.IsControlled(block);

    public void Run(int block, BlockValues values, CancellationToken cancellationToken)
    {
        var (x, result, e0) = (values.X.AsTensor(), values.Result.AsTensor(), values.E0.AsTensor());
        var control = IsControlled(block) ? values.Control : null;
        var inputs = new PieceInputs(x, e0, values.Cos.AsTensor(), values.Sin.AsTensor(), control);
        Shape one = [1, x.Shape[1], x.Shape[2]];
        List<(string Name, Tensor All)> self =
        [
            .. WanTransformer.SelfKeyNames(configuration, block).Select((name, i) => (name, Buffer(ref _self[i], one))),
        ];
        TokenPiece[] pieces = [.. TokenPiece.Of(x.Shape[1], e0.Shape[1], most)];
        var (making, resting) = (selfKeys.Take(block), rows.Take(block));
        for (var sample = 0; sample < x.Shape[0]; sample++)
        {
            AdapterUse?[] adapter = [values.Adapters[sample]];
            var prefix = TransformerGraphs.BlockPrefix(block);
            try
            {
                KeyAdapters?.Of(block).Bind(making, prefix, adapter, cancellationToken);
                foreach (var piece in pieces)
                {
                    inputs.Set(making, sample, piece);
                    self.ForEach(part => making.SetOutput(part.Name, Part(part.All, 0, piece)));
                    making.Run(cancellationToken).Dispose();
                }
            }
            finally
            {
                KeyAdapters?.Of(block).Unbind(making);
            }

            self.ForEach(part => resting.SetInput(part.Name, part.All)); // [1, all_tokens, dim]
            keys.Bind(resting, "", block, [values.Contexts[sample]], cancellationToken); // [1, text_rows, dim] each
            try
            {
                if (Negatives is not null)
                {
                    values.Negatives!.Bind(resting, Negatives, block, sample, cancellationToken);
                }

                RowAdapters?.Of(block).Bind(resting, prefix, adapter, cancellationToken);
                foreach (var piece in pieces)
                {
                    inputs.Set(resting, sample, piece);
                    inputs.SetStrength(resting, sample, piece);
                    resting.SetOutput("x_out", Part(result, sample, piece));
                    resting.Run(cancellationToken).Dispose();
                }
            }
            finally
            {
                RowAdapters?.Of(block).Unbind(resting);
                if (Negatives is not null)
                {
                    NegativeRows.Unbind(resting, Negatives, block);
                }

                keys.Unbind(resting, "", block);
            }
        }
    }

    public void ReleaseMemory()
    {
        selfKeys.ReleaseMemory();
        rows.ReleaseMemory();
        KeyAdapters?.ReleaseMemory();
        RowAdapters?.ReleaseMemory();
        for (var i = 0; i < _self.Length; i++)
        {
            _self[i]?.Dispose();
            _self[i] = null;
        }
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
    private readonly record struct PieceInputs(Tensor X, Tensor E0, Tensor Cos, Tensor Sin, BlockControl? Control)
    {
        public void Set(PreparedRun run, int sample, TokenPiece piece)
        {
            run.SetInput("x", Part(X, sample, piece)); // [1, tokens, dim]
            run.SetInput("e0", Rows(E0, sample, piece.FirstGroup, piece.Groups)); // [1, groups, 6, dim]
            run.SetInput("rope_cos", Cos.Slice(piece.Start, piece.Length)); // [tokens, head_dim / 2]
            run.SetInput("rope_sin", Sin.Slice(piece.Start, piece.Length));
            if (Control is not null)
            {
                run.SetInput(WanTransformer.Control, Part(Control.Value.AsTensor(), sample, piece)); // [1, tokens, dim]
            }
        }

        /// <summary>What the rest of a block takes and gives in addition, if it follows a control.</summary>
        public void SetStrength(PreparedRun run, int sample, TokenPiece piece)
        {
            if (Control is not null)
            {
                run.SetInput(WanTransformer.ControlStrength, Part(Control.Strength.AsTensor(), sample, piece)); // [1, tokens, 1]
                run.SetOutput(WanTransformer.ControlOut, Part(Control.Result.AsTensor(), sample, piece));
            }
        }
    }
}
