using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Models.Text;
using WanSharp.Tensors;

namespace WanSharp.Testing;

/// <summary>A model folder with every network at a few thousand weights of noise, each network in another element type.</summary>
public static class TinyModel
{
    private const int TextLength = 64;

    private static readonly TransformerConfig Transformer = new()
    {
        ModelType = ModelType.TextImageToVideo,
        TextLength = TextLength,
        InChannels = 4,
        OutChannels = 4,
        Dim = 24,
        FfnDim = 32,
        FreqDim = 8,
        TextDim = 16,
        Heads = 2,
        Layers = 2,
    };

    private static readonly VaeConfig Vae = new()
    {
        Dim = 4,
        ResidualBlocks = 1,
        LatentChannels = 4,
        Mean = [0.1f, -0.2f, 0.3f, 0],
        Std = [1, 2, 0.5f, 1],
    };

    public static void Write(string folder)
    {
        Directory.CreateDirectory(folder);
        var tokenizer = Path.Combine(AppContext.BaseDirectory, "tokenizers", "bytes.model");
        File.Copy(tokenizer, Path.Combine(folder, "spiece.model"));
        var text = new Umt5Config
        {
            Vocabulary = SentencePieceTokenizer.Load(tokenizer).VocabularySize,
            Dim = 16,
            AttentionDim = 16,
            FfnDim = 24,
            Heads = 2,
            Layers = 2,
        };
        File.WriteAllText(Path.Combine(folder, "config.json"), Description(text.Vocabulary));

        var options = new GraphOptions();
        WriteWeights(Path.Combine(folder, "transformer.safetensors"), DType.F16, WanTransformer.Whole(Transformer, options));
        WriteWeights(Path.Combine(folder, "text.safetensors"), DType.F32, Umt5Encoder.Whole(text, options));
        WriteWeights(Path.Combine(folder, "vae.safetensors"), DType.BF16, WanVae.EncodeNext(Vae, options), WanVae.DecodeNext(Vae, options));
    }

    private static void WriteWeights(string path, DType dtype, params OnnxGraph[] graphs)
    {
        using var weights = new RandomWeights(seed: 1, graphs);
        var tensors = weights.Tensors.ToDictionary(weight => weight.Key, weight => weight.Value.ConvertTo(dtype));
        SafetensorsWriter.Write(path, tensors);
        foreach (var tensor in tensors.Values)
        {
            tensor.Dispose();
        }
    }

    private static string Description(int vocabulary) =>
        $$"""
            {
              "format": "wansharp.model", "version": 1, "name": "tiny",
              "transformer": {
                "file": "transformer.safetensors", "model_type": "ti2v", "patch_size": [1, 2, 2], "text_len": {{TextLength}}, "in_dim": 4,
                  "out_dim": 4,
                "dim": 24, "ffn_dim": 32, "freq_dim": 8, "text_dim": 16, "num_heads": 2, "num_layers": 2
              },
              "text_encoder": {
                "file": "text.safetensors", "vocab": {{vocabulary}}, "dim": 16, "dim_attn": 16, "dim_ffn": 24, "num_heads": 2,
                  "num_layers": 2, "num_buckets": 32
              },
              "tokenizer": { "file": "spiece.model" },
              "vae": {
                "file": "vae.safetensors", "dim": 4, "z_dim": 4, "dim_mult": [1, 2, 4, 4], "num_res_blocks": 1,
                  "temperal_downsample": [false, true, true],
                "mean": [0.1, -0.2, 0.3, 0], "std": [1, 2, 0.5, 1],
                "rgb_factors": [[0.5, 0, 0], [0, 0.5, 0], [0, 0, 0.5], [0.1, 0.1, 0.1]], "rgb_bias": [0, 0.1, -0.1]
              },
              "defaults": {
                "width": 32, "height": 16, "frames": 9, "fps": 8, "steps": 4, "shift": 3, "guidance_scale": 4, "sampler": "unipc",
                  "negative_prompt": ""
              }
            }
            """;
}
