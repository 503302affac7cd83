using WanSharp.Graphs.Networks;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Networks;

/// <summary>Runs each block on all tokens at once.</summary>
/// <param name="blocks">The blocks' runs.</param>
/// <param name="keys">Joins the keys and values of a batch's contexts.</param>
/// <param name="configuration">The network's dimensions.</param>
/// <param name="adapters">Gives the blocks LoRAs; null for none.</param>
/// <param name="negatives">Joins those of negative prompts; null for blocks that do not guide their attention.</param>
/// <param name="observe">Sees intermediate values.</param>
internal sealed class FullBlockExecutor(
    IBlockWeights blocks,
    JoinedKeys keys,
    TransformerConfig configuration,
    BlockAdapters? adapters,
    JoinedKeys? negatives,
    Action<string, Tensor>? observe
) : IBlockExecutor
{
    public int Count => blocks.Count;

    public bool IsControlled(int block) => configuration.IsControlled(block);

    public void Run(int block, BlockValues values, CancellationToken cancellationToken)
    {
        var run = blocks.Take(block);
        run.SetInput("x", values.X); // [batch, tokens, dim]
        run.SetInput("e0", values.E0); // [batch, groups, 6, dim]
        run.SetInput("rope_cos", values.Cos); // [tokens, head_dim / 2]
        run.SetInput("rope_sin", values.Sin);
        keys.Bind(run, "", block, values.Contexts, cancellationToken); // [batch, text_rows, dim] each
        run.SetOutput("x_out", values.Result);
        if (IsControlled(block))
        {
            run.SetInput(WanTransformer.Control, values.Control!.Value); // [batch, tokens, dim]
            run.SetInput(WanTransformer.ControlStrength, values.Control.Strength); // [batch, tokens, 1]
            run.SetOutput(WanTransformer.ControlOut, values.Control.Result);
        }

        try
        {
            if (negatives is not null)
            {
                values.Negatives!.Bind(run, negatives, block, cancellationToken);
            }

            adapters?.Of(block).Bind(run, TransformerGraphs.BlockPrefix(block), values.Adapters, cancellationToken);
            using var result = run.Run(cancellationToken);
            NetworkLoader.Show(observe, $"block{block}_", result, except: ["x_out", WanTransformer.ControlOut]);
        }
        finally
        {
            adapters?.Of(block).Unbind(run);
            if (negatives is not null)
            {
                NegativeRows.Unbind(run, negatives, block);
            }

            keys.Unbind(run, "", block);
        }
    }

    public void ReleaseMemory()
    {
        blocks.ReleaseMemory();
        adapters?.ReleaseMemory();
    }

    public void Dispose()
    {
        ReleaseMemory();
        blocks.Dispose();
        keys.Dispose();
        negatives?.Dispose();
    }
}
