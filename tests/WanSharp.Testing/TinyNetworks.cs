using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Models.Text;
using WanSharp.Tensors;

namespace WanSharp.Testing;

/// <summary>The networks of a published model at a few thousand random weights each, under official names, in memory.</summary>
public sealed partial class TinyNetworks : IDisposable
{
    /// <summary>
    /// Residual blocks of a level of the VAE: fewer than the published ones have, for most of a clip's time is compiling them.
    /// </summary>
    public const int VaeBlocks = 1;

    // Widths that leave nothing open without a config.json: heads are 128 wide.
    private static readonly TransformerConfig Base = new()
    {
        Dim = 128,
        FfnDim = 32,
        FreqDim = 16,
        TextDim = 16,
        Heads = 1,
        Layers = 2,
    };

    private static readonly ConcurrentDictionary<(string Network, object Config), IReadOnlyList<WeightSlot>> Slots = new();
    private static readonly Lazy<int> Vocabulary = new(() => SentencePieceTokenizer.Load(SpieceModel).VocabularySize);

    private readonly List<IDisposable> _all = [];

    /// <param name="variant">A name in variants.json.</param>
    public TinyNetworks(string variant)
    {
        var isVace = variant.Contains("vace", StringComparison.Ordinal);
        var isFun = !isVace && variant.Contains("-fun-", StringComparison.Ordinal);
        var is5B = variant.Contains("5b", StringComparison.Ordinal);
        var hasVision =
            variant is "wan2.1-i2v-14b-480p" or "wan2.1-flf2v-14b" || (isFun && variant.StartsWith("wan2.1", StringComparison.Ordinal));
        var vae = is5B
            ? VaeConfig.Wan22 with
            {
                Dim = 2,
                DecoderDim = 4,
                ResidualBlocks = VaeBlocks,
            }
            : VaeConfig.Wan21 with
            {
                Dim = 2,
                ResidualBlocks = VaeBlocks,
            };
        var vision = new VisionEncoderConfig
        {
            ImageSize = 32,
            PatchSize = 2,
            Dim = 64,
            MlpRatio = 1,
            Heads = 1,
            Layers = 2,
        };
        Config = Base with
        {
            ModelType =
                isFun ? ModelType.Fun
                : is5B ? ModelType.TextImageToVideo
                : variant.Contains("flf2v", StringComparison.Ordinal) ? ModelType.FirstLastFrameToVideo
                : variant.Contains("i2v", StringComparison.Ordinal) ? ModelType.ImageToVideo
                : ModelType.TextToVideo,
            InChannels =
                isFun ? InChannelsOfFun(variant)
                : is5B ? 48
                : variant.Contains("t2v", StringComparison.Ordinal) || isVace ? 16
                : 36,
            ControlChannels = isVace ? (2 * 16) + 64 : null,
            ControlBlocks = isVace ? 1 : 0,
            TakesReference = isFun && variant.EndsWith("-control", StringComparison.Ordinal),
            CameraStride =
                !isFun || !variant.EndsWith("-camera", StringComparison.Ordinal) ? null
                : is5B ? 16
                : 8,
            OutChannels = is5B ? 48 : 16,
            VisionDim = hasVision ? vision.Dim : null,
        };
        var text = new Umt5Config
        {
            Vocabulary = Vocabulary.Value,
            Dim = 16,
            AttentionDim = 16,
            FfnDim = 24,
            Heads = 2,
            Layers = 1,
        };

        var options = new GraphOptions();
        (Variant, Type) = (
            variant,
            !isFun ? variant[7..].Split('-')[0]
            : hasVision ? "i2v"
            : is5B ? "ti2v"
            : "t2v"
        );
        Transformer = Random(1, SlotsOf("transformer", Config, () => [WanTransformer.Whole(Config, options)]));
        HighNoise = variant.Contains("a14b", StringComparison.Ordinal)
            ? Random(2, SlotsOf("transformer", Config, () => [WanTransformer.Whole(Config, options)]))
            : null;
        Text = Random(3, SlotsOf("text", text, () => [Umt5Encoder.Whole(text, options)]));
        Vae = Random(4, SlotsOf("vae", is5B, () => [WanVae.EncodeNext(vae, options), WanVae.DecodeNext(vae, options)]));
        Vision = hasVision ? Random(5, SlotsOf("vision", vision, () => [VisionEncoder.Whole(vision, options)])) : null;
        if (Vision is not null)
        {
            // The checkpoint has a last block and a norm that Wan never runs, and their names tell how many there are.
            var last = Vision["visual.transformer.0.mlp.0.weight"];
            Vision["visual.transformer.1.mlp.0.weight"] = last;
        }
    }

    public static string SpieceModel => Path.Combine(AppContext.BaseDirectory, "tokenizers", "bytes.model");

    public string Variant { get; }

    /// <summary>The official model_type: t2v, i2v, flf2v, ti2v; of VideoX-Fun's what their blocks are.</summary>
    public string Type { get; }

    public TransformerConfig Config { get; }

    /// <summary>The only transformer, or the low-noise expert.</summary>
    public Dictionary<string, Tensor> Transformer { get; }

    public Dictionary<string, Tensor>? HighNoise { get; }

    public Dictionary<string, Tensor> Text { get; }

    public Dictionary<string, Tensor> Vae { get; }

    public Dictionary<string, Tensor>? Vision { get; }

    /// <summary>Whether kijai's fp8 files keep a tensor in fp8: matrices of blocks.</summary>
    public static bool IsFloat8(string name, Tensor tensor) =>
        name.StartsWith("blocks.", StringComparison.Ordinal)
        && name.EndsWith(".weight", StringComparison.Ordinal)
        && tensor.Shape.Rank == 2;

    /// <summary>Rounds what kijai's files keep in fp8 to multiples of the scale that fp8 has, so that nothing is lost there.</summary>
    public void RoundToFloat8(float scale)
    {
        foreach (var (name, tensor) in Transformer.Where(pair => IsFloat8(pair.Key, pair.Value)).ToList())
        {
            using var narrow = Scaled(tensor, 1 / scale).ConvertTo(DType.F8E4M3);
            using var wide = narrow.ConvertTo(DType.F32);
            Transformer[name] = Scaled(wide, scale);
        }
    }

    /// <summary>A tensor times a number; disposed with the networks.</summary>
    public Tensor Scaled(Tensor tensor, float scale)
    {
        var scaled = Tensor.CopyOf(tensor.Shape, tensor.Read<float>());
        _all.Add(scaled);
        foreach (ref var value in scaled.Write<float>())
        {
            value *= scale;
        }

        return scaled;
    }

    public void Dispose() => _all.ForEach(weights => weights.Dispose());

    /// <summary>Noise, and before an image a control and a mask where there are some.</summary>
    private static int InChannelsOfFun(string variant)
    {
        var latents = variant.Contains("5b", StringComparison.Ordinal) ? 48 : 16;
        var isControl = variant.EndsWith("-control", StringComparison.Ordinal);
        var hasMask = variant.StartsWith("wan2.2", StringComparison.Ordinal) || variant.EndsWith("-inp", StringComparison.Ordinal);
        return ((isControl ? 3 : 2) * latents) + (hasMask ? 4 : 0);
    }

    /// <summary>A network's weights; its graphs are written once for all tests.</summary>
    private static IReadOnlyList<WeightSlot> SlotsOf(string network, object config, Func<OnnxGraph[]> write) =>
        Slots.GetOrAdd((network, config), _ => [.. write().SelectMany(graph => graph.Weights)]);

    /// <summary>A block of VACE's as it is called here; files count them by themselves.</summary>
    [GeneratedRegex(@"^blocks\.0\.vace\.")]
    private static partial Regex ControlBlock();

    private Dictionary<string, Tensor> Random(ulong seed, IReadOnlyList<WeightSlot> slots)
    {
        var weights = new RandomWeights(seed, slots);
        _all.Add(weights);
        return weights.Tensors.ToDictionary(weight => ControlBlock().Replace(weight.Key, "vace_blocks.0."), weight => weight.Value);
    }
}
