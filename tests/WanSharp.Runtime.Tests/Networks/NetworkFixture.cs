using System.Text.Json;
using WanSharp.Graphs.Networks;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Tests.Networks;

/// <summary>A tiny network with the inputs, intermediates and outputs that the official code gave for it.</summary>
internal sealed class NetworkFixture : IDisposable
{
    private readonly JsonElement _config;

    private NetworkFixture(string folder)
    {
        _config = JsonElement.Parse(File.ReadAllText(Path.Combine(folder, "config.json")));
        Weights = Checkpoint.Open(Path.Combine(folder, "weights.safetensors"));
        Store = new WeightStore(Weights);
        Values = Checkpoint.Open(Path.Combine(folder, "io.safetensors"));
    }

    public ICheckpoint Weights { get; }

    /// <summary>The weights in the types that graphs ask for; owns <see cref="Weights"/>.</summary>
    public WeightStore Store { get; }

    public ICheckpoint Values { get; }

    public IEnumerable<string> Cases => _config.GetProperty("cases").EnumerateArray().Select(name => name.GetString()!);

    /// <summary>Opens a set that the repository has; others are looked for in the folder that WAN_FIXTURES names.</summary>
    public static NetworkFixture Open(string name)
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "fixtures", name);
        if (!Directory.Exists(folder))
        {
            var others = Environment.GetEnvironmentVariable("WAN_FIXTURES");
            Assert.SkipWhen(others is null, $"The fixture {name} is not in the repository: set WAN_FIXTURES to a folder that has it.");
            folder = Path.Combine(others!, name);
        }

        return new NetworkFixture(folder);
    }

    public TransformerConfig TransformerConfig()
    {
        var model = _config.GetProperty("model");
        return new TransformerConfig
        {
            ModelType = model.GetProperty("model_type").GetString() switch
            {
                "t2v" => ModelType.TextToVideo,
                "ti2v" => ModelType.TextImageToVideo,
                "i2v" => ModelType.ImageToVideo,
                var other => throw new NotSupportedException(other),
            },
            TextLength = Int("text_len"),
            InChannels = Int("in_dim"),
            OutChannels = Int("out_dim"),
            Dim = Int("dim"),
            FfnDim = Int("ffn_dim"),
            FreqDim = Int("freq_dim"),
            TextDim = Int("text_dim"),
            Heads = Int("num_heads"),
            Layers = Int("num_layers"),
            Eps = model.GetProperty("eps").GetSingle(),
            VisionDim = _config.TryGetProperty("clip_dim", out var clip) ? clip.GetInt32() : null,
        };

        int Int(string key) => model.GetProperty(key).GetInt32();
    }

    public Umt5Config Umt5Config()
    {
        var model = _config.GetProperty("model");
        return new Umt5Config
        {
            Vocabulary = Int("vocab"),
            Dim = Int("dim"),
            AttentionDim = Int("dim_attn"),
            FfnDim = Int("dim_ffn"),
            Heads = Int("num_heads"),
            Layers = Int("num_layers"),
            Buckets = Int("num_buckets"),
        };

        int Int(string key) => model.GetProperty(key).GetInt32();
    }

    public VisionEncoderConfig VisionEncoderConfig()
    {
        var model = _config.GetProperty("model");
        return new VisionEncoderConfig
        {
            ImageSize = Int("image_size"),
            PatchSize = Int("patch_size"),
            Dim = Int("vision_dim"),
            MlpRatio = Int("vision_mlp_ratio"),
            Heads = Int("vision_heads"),
            Layers = Int("vision_layers"),
        };

        int Int(string key) => model.GetProperty(key).GetInt32();
    }

    public VaeConfig VaeConfig()
    {
        var model = _config.GetProperty("model");
        var isWan22 = model.TryGetProperty("dec_dim", out var decoderDim);
        return (isWan22 ? Graphs.Networks.VaeConfig.Wan22 : Graphs.Networks.VaeConfig.Wan21) with
        {
            DecoderDim = isWan22 ? decoderDim.GetInt32() : null,
            Dim = model.GetProperty("dim").GetInt32(),
            LatentChannels = model.GetProperty("z_dim").GetInt32(),
            DimMultipliers = [.. model.GetProperty("dim_mult").EnumerateArray().Select(multiplier => multiplier.GetInt32())],
            ResidualBlocks = model.GetProperty("num_res_blocks").GetInt32(),
            TemporalDownsample = [.. model.GetProperty("temperal_downsample").EnumerateArray().Select(halves => halves.GetBoolean())],
        };
    }

    /// <summary>The values of one tensor as floats.</summary>
    public float[] Floats(string name) => Floats(Values.Get(name));

    public static float[] Floats(Tensor tensor)
    {
        var values = new float[tensor.Shape.ElementCount];
        tensor.ConvertTo(values);
        return values;
    }

    public void Dispose()
    {
        Store.Dispose();
        Values.Dispose();
    }
}
