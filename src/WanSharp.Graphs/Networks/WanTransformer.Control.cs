using WanSharp.Tensors;

namespace WanSharp.Graphs.Networks;

/// <content>
/// The blocks that read a control (VACE) next to blocks of the network. They pass on what they make of it among themselves, and each adds
/// to its neighbour's tokens.
/// </content>
/// <remarks>Source: Wan-Video/Wan2.1:wan/modules/vace_model.py.</remarks>
public static partial class WanTransformer
{
    /// <summary>The control on its way through the blocks that read it, [batch, tokens, dim].</summary>
    public const string Control = "control";

    /// <summary>What a block makes of <see cref="Control"/>.</summary>
    public const string ControlOut = "control_out";

    /// <summary>How strongly each token follows the control, [batch, tokens, 1].</summary>
    public const string ControlStrength = "control_strength";

    /// <summary>The last part of the scope of a block of the control, in the scope of the block next to it.</summary>
    public const string ControlScope = "vace";

    private static readonly string[] ControlKeyNames = ["control_keys", "control_values"];

    /// <summary>The control as the first block takes it, and each token's strength; null where there is none.</summary>
    /// <param name="g">Where it is written.</param>
    /// <param name="config">The transformer.</param>
    /// <param name="given">What it is given: the control's channels follow those of the latents, and their strength is the last.</param>
    private static ControlState? EmbedControl(GraphBuilder g, TransformerConfig config, GraphValue given)
    {
        if (config.ControlChannels is not { } channels)
        {
            return null;
        }

        var control = g.Slice(given, axis: 1, config.InChannels, channels);
        var strength = g.Slice(given, axis: 1, config.InChannels + channels, 1);
        var patch = config.PatchSize;
        var (f, h, w) = Grid(config, strength.Shape[2], strength.Shape[3], strength.Shape[4]);
        var corners = g.Reshape(strength, [strength.Shape[0], f, patch.Frames, h, patch.Height, w, patch.Width]);
        foreach (var axis in new[] { 2, 4, 6 })
        {
            corners = g.Slice(corners, axis, 0, 1); // of each patch, the first position speaks for all
        }

        return new ControlState(
            PatchEmbedding(g, config, control, channels, "vace_patch_embedding"), // [batch, tokens, dim]
            g.Reshape(corners, [strength.Shape[0], f * h * w, 1]) // [batch, tokens, 1]
        );
    }

    private static ControlState? ControlInputs(GraphBuilder g, TransformerConfig config, int block) =>
        config.IsControlled(block)
            ? new ControlState(
                g.Input(Control, DType.F32, ["batch", "tokens", config.Dim]),
                g.Input(ControlStrength, DType.F32, ["batch", "tokens", 1])
            )
            : null;

    private static void OutputControl(GraphBuilder g, ControlState? control)
    {
        if (control is not null)
        {
            g.Output(ControlOut, control.Value);
        }
    }

    /// <summary>What a block of the control begins with: the first one adds the clip's tokens.</summary>
    private static GraphValue BeginControl(GraphBuilder g, TransformerConfig config, int block, GraphValue control, GraphValue x) =>
        block == 0 ? g.Cast(g.Linear(control, "before_proj", config.Dim), DType.F32) + x : control;

    /// <summary>A block, and the block of the control next to it if it has one.</summary>
    /// <param name="g">Where it is written.</param>
    /// <param name="config">The transformer.</param>
    /// <param name="block">Which block.</param>
    /// <param name="x">[batch, tokens, dim].</param>
    /// <param name="control">The control; null where there is none, and passed on by blocks that do not read it.</param>
    /// <param name="e0">[batch, groups, 6, dim].</param>
    /// <param name="keys">Of the context, in the order of <see cref="KeyNames"/>, then of <see cref="NegativeNames"/>, if any.</param>
    /// <param name="rope">The tokens' angles.</param>
    /// <param name="probes">What stands before the probes' names.</param>
    /// <param name="self">In the order of <see cref="SelfKeyNames"/>, when the tokens are only some; else null.</param>
    private static (GraphValue X, ControlState? Control) WriteControlledBlock(
        GraphBuilder g,
        TransformerConfig config,
        int block,
        GraphValue x,
        ControlState? control,
        GraphValue e0,
        GraphValue[] keys,
        (GraphValue Cos, GraphValue Sin) rope,
        string probes,
        GraphValue[]? self = null
    )
    {
        (GraphValue, GraphValue)? ofClip = self is null ? null : (self[0], self[1]);
        if (control is null || !config.IsControlled(block))
        {
            return (WriteBlock(g, config, x, e0, keys, rope, probes, ofClip), control);
        }

        var first = KeyNames(config, block).Count - ControlKeyNames.Length;
        GraphValue[] text = keys[first..(first + ControlKeyNames.Length)]; // a negative prompt guides the clip's attention alone
        GraphValue made;
        GraphValue hint;
        using (g.Scope(ControlScope))
        {
            (GraphValue, GraphValue)? ofControl = self is null ? null : (self[2], self[3]);
            made = WriteBlock(g, config, BeginControl(g, config, block, control.Value, x), e0, text, rope, $"{probes}control_", ofControl);
            hint = g.Probe($"{probes}hint", g.Cast(g.Linear(made, "after_proj", config.Dim), DType.F32)); // [batch, tokens, dim]
        }

        x = WriteBlock(g, config, x, e0, [.. keys[..first], .. keys[(first + ControlKeyNames.Length)..]], rope, probes, ofClip);
        return (x + (hint * control.Strength), control with { Value = made });
    }

    private static void OutputSelfKeys(
        GraphBuilder g,
        TransformerConfig config,
        GraphValue x,
        GraphValue e0,
        (GraphValue Cos, GraphValue Sin) rope,
        string keys,
        string values
    )
    {
        var e = Modulation(g, config, e0);
        var norm1 = Modulated(g, g.LayerNorm(x, "norm1", config.Eps, affine: false), e[0], e[1]);
        using var scope = g.Scope("self_attn");
        g.Output(keys, g.Cast(SelfKeys(g, config, norm1, rope), DType.F32));
        g.Output(values, g.Cast(g.TolerantLinear(norm1, "v", config.Dim), DType.F32));
    }

    /// <param name="Value">[batch, tokens, dim].</param>
    /// <param name="Strength">[batch, tokens, 1].</param>
    private sealed record ControlState(GraphValue Value, GraphValue Strength);
}
