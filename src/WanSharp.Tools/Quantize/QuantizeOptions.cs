using WanSharp.Engine.Requests;
using WanSharp.Hosting;

namespace WanSharp.Tools.Quantize;

/// <summary>How a model is quantized.</summary>
public sealed record QuantizeOptions
{
    /// <summary>What computes the clips, except the model and its precision. Default: the processor, without limits.</summary>
    public EngineSettings Engine { get; init; } = new();

    /// <summary>How much of a clip's SSIM may be lost, of 1: 0.03 is 3 %. No calibration clip loses more.</summary>
    public required double MaxLoss { get; init; }

    /// <summary>The prompts by which layers are chosen.</summary>
    public required IReadOnlyList<string> Prompts { get; init; }

    /// <summary>The prompts by which the result is judged; none of them is among the others.</summary>
    public required IReadOnlyList<string> HeldBack { get; init; }

    /// <summary>The images of each clip, for models that need them. Default: none.</summary>
    public IReadOnlyList<ConditioningImage> Images { get; init; } = [];

    /// <summary>What the clips have in common. Default: what the model was made for.</summary>
    public ClipSettings Settings { get; init; } = new();

    /// <summary>In how many of the prompts each layer is measured alone. Default: 2.</summary>
    public int LayerPrompts { get; init; } = 2;

    /// <summary>In how many steps of these, the first and the last among them. Default: 4.</summary>
    public int LayerSteps { get; init; } = 4;

    /// <summary>A clip of them.</summary>
    internal GenerationRequest RequestOf(string prompt, int seed) =>
        new(Settings)
        {
            Prompt = prompt,
            Seed = (ulong)seed,
            Images = Images,
        };
}
