using WanSharp.Runtime.Adapters;

namespace WanSharp.Runtime.Networks;

/// <summary>What a block takes and where its result goes.</summary>
/// <param name="X">[batch, tokens, dim].</param>
/// <param name="Result">The same shape.</param>
/// <param name="E0">[batch, groups, 6, dim].</param>
/// <param name="Cos">[tokens, head_dim / 2].</param>
/// <param name="Sin">[tokens, head_dim / 2].</param>
/// <param name="Contexts">The context of each of the batch's rows.</param>
internal sealed record BlockValues(
    RuntimeValue X,
    RuntimeValue Result,
    RuntimeValue E0,
    RuntimeValue Cos,
    RuntimeValue Sin,
    IReadOnlyList<TextKeys> Contexts
)
{
    /// <summary>The LoRAs of each of the batch's rows.</summary>
    public IReadOnlyList<AdapterUse?> Adapters { get; } = [.. Contexts.Select(context => context.Adapter)];

    /// <summary>The control that blocks follow; null where the network follows none.</summary>
    public BlockControl? Control { get; init; }

    /// <summary>The negative prompts that guide the attention of the batch's rows; null for none.</summary>
    public NegativeRows? Negatives { get; init; }
}
