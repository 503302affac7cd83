namespace WanSharp.Runtime.Networks;

/// <summary>A control on its way through the blocks that read it.</summary>
/// <param name="Value">[batch, tokens, dim].</param>
/// <param name="Result">Where a block's result goes; the same shape.</param>
/// <param name="Strength">How strongly each token follows it, [batch, tokens, 1].</param>
internal sealed record BlockControl(RuntimeValue Value, RuntimeValue Result, RuntimeValue Strength)
{
    /// <summary>What the next block that reads it takes.</summary>
    public BlockControl Next => this with { Value = Result, Result = Value };
}
