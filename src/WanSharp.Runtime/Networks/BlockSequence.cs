using WanSharp.Tensors;

namespace WanSharp.Runtime.Networks;

/// <summary>Runs blocks of a pass one after another, all of them or as far as rows need them.</summary>
/// <param name="blocks">The blocks.</param>
/// <param name="memory">Where values are.</param>
/// <param name="observe">Sees what each block made.</param>
internal sealed class BlockSequence(IBlockExecutor blocks, SessionMemory memory, Action<string, Tensor>? observe)
{
    /// <summary>Runs blocks one after another.</summary>
    /// <returns>The values with what the last one made as <c>X</c>.</returns>
    public BlockValues Run(int[] sequence, BlockValues values, CancellationToken cancellationToken)
    {
        foreach (var block in sequence)
        {
            blocks.Run(block, values, cancellationToken);
            if (observe is not null)
            {
                NetworkLoader.Show(observe, $"block{block}", values.Result);
            }

            values = values with
            {
                X = values.Result,
                Result = values.X,
                Control = blocks.IsControlled(block) ? values.Control!.Next : values.Control,
            };
        }

        return values;
    }

    /// <summary>
    /// Runs the blocks after the first one for the rows in which it added something else than last time; the others get what these blocks
    /// added then.
    /// </summary>
    /// <param name="sequence">The blocks after the first.</param>
    /// <param name="values">What the first block made, and as <c>Result</c> what it was given.</param>
    /// <param name="options">What is reused.</param>
    /// <param name="cancellationToken">Stops between two operations.</param>
    /// <returns>What the last block made.</returns>
    public RuntimeValue RunReused(int[] sequence, BlockValues values, PassOptions options, CancellationToken cancellationToken)
    {
        var (made, given) = (values.X.AsTensor(), values.Result.AsTensor());
        int[] rows =
        [
            .. Enumerable
                .Range(0, values.Contexts.Count)
                .Where(row => options.Reuse[row]?.Decide(given.Slice(row, 1), made.Slice(row, 1)) is not true),
        ];
        using var few = rows.Length == 0 || rows.Length == values.Contexts.Count ? null : new FewRows(values, options, rows, memory);
        var end = rows.Length == 0 ? values.X : Run(sequence, few?.Values ?? values, cancellationToken).X;
        for (var i = 0; i < rows.Length; i++)
        {
            options.Reuse[rows[i]]?.Finish(end.AsTensor().Slice(i, 1));
        }

        if (rows.Length == values.Contexts.Count)
        {
            return end;
        }

        foreach (var row in Enumerable.Range(0, values.Contexts.Count).Except(rows))
        {
            options.Reuse[row]!.Add(made.Slice(row, 1));
        }

        for (var i = 0; i < rows.Length; i++)
        {
            end.AsTensor().Slice(i, 1).Read<float>().CopyTo(made.Slice(rows[i], 1).Write<float>());
        }

        return values.X;
    }
}
