using WanSharp.Graphs.Networks;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Networks;

/// <summary>The negative prompts of a batch's rows: their keys and values, and each row's scale, tau and alpha.</summary>
/// <remarks>A row without one is given its own prompt at a scale of 1 and an alpha of 0, which leaves it as it is to the bit.</remarks>
internal sealed class NegativeRows : IDisposable
{
    private const int Numbers = 3;

    private readonly IReadOnlyList<TextKeys> _keys;
    private readonly Tensor _guidance; // [batch, 3]

    /// <param name="contexts">The prompt of each row.</param>
    /// <param name="negatives">The negative prompt of each row, or null.</param>
    public NegativeRows(IReadOnlyList<TextKeys> contexts, IReadOnlyList<NegativeText?> negatives)
    {
        _keys = [.. contexts.Zip(negatives, (context, negative) => negative?.Keys ?? context)];
        _guidance = Tensor.CopyOf<float>(
            [negatives.Count, Numbers],
            [.. negatives.SelectMany(one => one is null ? [1f, 1f, 0f] : new[] { one.Scale, one.Tau, one.Alpha })]
        );
    }

    /// <summary>Sets the inputs of a run of all rows, until <see cref="Unbind"/>.</summary>
    public void Bind(PreparedRun run, JoinedKeys keys, int block, CancellationToken cancellationToken)
    {
        keys.Bind(run, "", block, _keys, cancellationToken);
        run.SetInput(WanTransformer.NegativeNames[^1], _guidance);
    }

    /// <summary>Sets the inputs of a run of one row, until <see cref="Unbind"/>.</summary>
    public void Bind(PreparedRun run, JoinedKeys keys, int block, int row, CancellationToken cancellationToken)
    {
        keys.Bind(run, "", block, [_keys[row]], cancellationToken);
        run.SetInput(WanTransformer.NegativeNames[^1], _guidance.Slice(row, 1));
    }

    /// <summary>Lets go of the prompts' memory.</summary>
    public static void Unbind(PreparedRun run, JoinedKeys keys, int block)
    {
        keys.Unbind(run, "", block);
        run.Unset(WanTransformer.NegativeNames[^1]);
    }

    public void Dispose() => _guidance.Dispose();
}
