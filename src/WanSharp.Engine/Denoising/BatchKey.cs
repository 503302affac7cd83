using WanSharp.Graphs;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Denoising;

/// <summary>What rows of one forward pass have in common.</summary>
/// <param name="Latents">The latents of a row: of each clip, or of a window of it.</param>
/// <param name="Channels">Channels that images join to the latents.</param>
/// <param name="ImageFeatures">CLIP's rows, where the model attends to them.</param>
/// <param name="IsHighNoise">Which expert takes the step.</param>
internal sealed record BatchKey(Shape Latents, long Channels, Shape? ImageFeatures, bool IsHighNoise)
{
    /// <summary>How many windows each clip has at most, which take a pass each: none waits for the windows of another.</summary>
    public int Windows { get; init; } = 1;

    /// <summary>The frequency in time that is slowed down; null for none.</summary>
    public int? SlowedFrequency { get; init; }

    /// <summary>Whether negative prompts guide the attention: clips without one need not pay for it.</summary>
    public bool GuidesAttention { get; init; }

    /// <summary>Layers in 8-bit integers that a clip tries.</summary>
    public LayerFormats? Layers { get; init; }

    /// <summary>What of the transformer is one graph.</summary>
    public CompileMode Compile { get; init; }

    /// <summary>Weights that LoRAs change as copies, and how strongly: one copy serves a pass. Factors may differ by row.</summary>
    public string Copies { get; init; } = "";

    /// <summary>The LoRAs that are merged into the weights; empty for none.</summary>
    public string Merged { get; init; } = "";
}
