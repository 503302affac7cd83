using WanSharp.Graphs.Networks;
using WanSharp.Tensors;

namespace WanSharp.Tools.Benchmarks;

/// <summary>The dimensions of a published model.</summary>
/// <remarks>Source: Wan-Video/Wan2.1:wan/configs, Wan-Video/Wan2.2:wan/configs; training/model.py for Shapes.</remarks>
internal sealed record NamedShape(TransformerConfig Transformer, VaeConfig Vae, Umt5Config TextEncoder)
{
    public static IReadOnlyDictionary<string, NamedShape> All { get; } =
        new Dictionary<string, NamedShape>(StringComparer.OrdinalIgnoreCase)
        {
            ["1.3b"] = new(new TransformerConfig(), VaeConfig.Wan21, new Umt5Config()),
            ["5b"] = new(
                new TransformerConfig
                {
                    ModelType = ModelType.TextImageToVideo,
                    Dim = 3072,
                    FfnDim = 14336,
                    Heads = 24,
                    InChannels = 48,
                    OutChannels = 48,
                },
                VaeConfig.Wan22,
                new Umt5Config()
            ),
            ["14b"] = new(
                new TransformerConfig
                {
                    Dim = 5120,
                    FfnDim = 13824,
                    Heads = 40,
                    Layers = 40,
                },
                VaeConfig.Wan21,
                new Umt5Config()
            ),
            ["shapes"] = new(
                new TransformerConfig
                {
                    ModelType = ModelType.TextImageToVideo,
                    Dim = 192,
                    FfnDim = 768,
                    Heads = 6,
                    Layers = 8,
                    TextLength = 64,
                    TextDim = 128,
                },
                new VaeConfig { Dim = 16, ResidualBlocks = 1 },
                new Umt5Config
                {
                    Vocabulary = 512,
                    Dim = 128,
                    AttentionDim = 128,
                    FfnDim = 256,
                    Heads = 4,
                    Layers = 3,
                }
            ),
        };

    /// <summary>A shape by name, with this many blocks.</summary>
    /// <exception cref="InvalidRequestException">There is no such shape.</exception>
    public static NamedShape Find(string name, int? layers)
    {
        var shape = All.TryGetValue(name, out var found)
            ? found
            : throw new InvalidRequestException("shape", $"'{name}' is not a shape; there are {string.Join(", ", All.Keys)}.");
        return layers is not { } count
            ? shape
            : shape with
            {
                Transformer = shape.Transformer with { Layers = count },
                TextEncoder = shape.TextEncoder with { Layers = count },
            };
    }
}
