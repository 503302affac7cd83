using System.Text;
using WanSharp.Graphs;
using WanSharp.Tensors;

namespace WanSharp.Testing;

/// <summary>Writes networks into a folder as a tool keeps them.</summary>
/// <param name="networks">The networks.</param>
/// <param name="folder">The folder.</param>
public sealed class ToolFolders(TinyNetworks networks, string folder)
{
    /// <summary>The factor of scaled fp8; a power of two, so that it rounds nothing.</summary>
    public const float Scale = 1 / 64f;

    private const int Rotation = 16; // a power of 4 that divides the rows of the tiny networks
    private const float LargestCode = 127;

    private const string ComfyTransformer = "model.diffusion_model.";
    private const string ComfyText = "text_encoders.umt5xxl.transformer.";

    /// <summary>Writes them as a tool does.</summary>
    /// <returns>What to open: the folder, or the file with everything.</returns>
    public string Write(string tool)
    {
        switch (tool)
        {
            case "official":
                Official();
                break;
            case "diffusers":
                Diffusers();
                break;
            case "comfy":
                Comfy();
                break;
            case "kijai":
                Kijai(scale: null);
                break;
            case "kijai scaled":
                Kijai(Scale);
                break;
            case "int8":
                EightBit(group: null);
                break;
            case "convrot":
                EightBit(Rotation);
                break;
            case "gguf":
                Gguf();
                break;
            case "turbo":
                Turbo();
                break;
            case "gguf q8":
                Gguf(isQuantized: true);
                break;
            default:
                SingleFile();
                break;
        }

        return tool == "single" ? Path.Combine(folder, networks.HighNoise is null ? "all.safetensors" : "all_low.safetensors") : folder;
    }

    /// <summary>Wan-AI's folders: one, or two for the experts; the other networks as pickles.</summary>
    public void Official()
    {
        foreach (var (tensors, place) in Transformers("", "low_noise_model/", "high_noise_model/"))
        {
            Safetensors($"{place}diffusion_pytorch_model.safetensors", tensors);
            Write(
                $"{place}config.json",
                $$"""{"_class_name":"WanModel","model_type":"{{networks.Type}}","num_heads":1,"text_len":512,"eps":1e-06}"""
            );
        }

        OtherFormats.WriteTorch(Prepare("models_t5_umt5-xxl-enc-bf16.pth"), networks.Text);
        OtherFormats.WriteTorch(Prepare(networks.Type == "ti2v" ? "Wan2.2_VAE.pth" : "Wan2.1_VAE.pth"), networks.Vae);
        if (networks.Vision is { } vision)
        {
            OtherFormats.WriteTorch(Prepare("models_clip_open-clip-xlm-roberta-large-vit-huge-14.pth"), vision);
        }

        File.Copy(TinyNetworks.SpieceModel, Prepare("google/umt5-xxl/spiece.model"));
    }

    /// <summary>Diffusers' folders, sharded, with its names and a tokenizer.json. Its transformer is the high-noise expert.</summary>
    public void Diffusers()
    {
        foreach (var (tensors, place) in Transformers("transformer", "transformer_2", "transformer"))
        {
            Shards($"{place}/diffusion_pytorch_model", Renamed(tensors, OtherTools.DiffusersTransformer));
            Write($"{place}/config.json", """{"_class_name":"WanTransformer3DModel","num_attention_heads":1}""");
        }

        Shards("text_encoder/model", Renamed(networks.Text, OtherTools.TransformersText));
        Safetensors(
            "vae/diffusion_pytorch_model.safetensors",
            Renamed(networks.Vae, name => networks.Type == "ti2v" ? OtherTools.DiffusersVae22(name) : OtherTools.DiffusersVae21(name))
        );
        Vision("image_encoder/model.safetensors");
        Write("model_index.json", "{}");
        Write("tokenizer/tokenizer.json", TokenizerJsonFile.Of(TinyNetworks.SpieceModel).ToJsonString());
    }

    /// <summary>ComfyUI's tree: what a file is called says nothing, except two experts.</summary>
    public void Comfy()
    {
        foreach (var (tensors, place) in Transformers("", "_low_noise", "_high_noise"))
        {
            Safetensors($"models/diffusion_models/any{place}.safetensors", Renamed(tensors, name => ComfyTransformer + name));
        }

        Safetensors("models/text_encoders/one.safetensors", WithTokenizer(Renamed(networks.Text, OtherTools.TransformersText)));
        Safetensors("models/vae/two.safetensors", networks.Vae);
        Vision("models/clip_vision/three.safetensors");
    }

    /// <summary>ComfyUI-GGUF's files next to ComfyUI's.</summary>
    /// <param name="isQuantized">Whether matrices of blocks are Q8_0.</param>
    public void Gguf(bool isQuantized = false)
    {
        foreach (var (tensors, place) in Transformers("", "-LowNoise", "-HighNoise"))
        {
            var stored = tensors.ToDictionary(
                pair => pair.Key,
                pair => isQuantized && TinyNetworks.IsFloat8(pair.Key, pair.Value) ? OtherFormats.ToQ80(pair.Value) : pair.Value
            );
            OtherFormats.WriteGguf(Prepare($"unet/Wan{place}.gguf"), stored);
            foreach (var (name, _) in tensors.Where(pair => stored[pair.Key] != pair.Value))
            {
                stored[name].Dispose();
            }
        }

        OtherFormats.WriteGguf(Prepare("clip/umt5-xxl-encoder.gguf"), Renamed(networks.Text, OtherTools.LlamaText));
        Safetensors("vae/vae.safetensors", networks.Vae);
        Vision("clip_vision/clip_vision_h.safetensors");
        File.Copy(TinyNetworks.SpieceModel, Prepare("clip/spiece.model"));
    }

    /// <summary>
    /// ComfyUI's tree with a transformer as kijai's fp8 files: official names, matrices of blocks in fp8, with a scale each or
    /// plain.
    /// </summary>
    public void Kijai(float? scale)
    {
        Comfy();
        var tensors = new Dictionary<string, Tensor>();
        foreach (var (name, tensor) in networks.Transformer)
        {
            tensors[name] = TinyNetworks.IsFloat8(name, tensor)
                ? networks.Scaled(tensor, 1 / (scale ?? 1)).ConvertTo(DType.F8E4M3)
                : tensor;
            if (scale is { } factor && TinyNetworks.IsFloat8(name, tensor))
            {
                tensors[name.Replace(".weight", ".scale_weight", StringComparison.Ordinal)] = Tensor.CopyOf<float>(Shape.Scalar, [factor]);
            }
        }

        if (scale is not null)
        {
            tensors["scaled_fp8"] = Tensor.CopyOf<Float8E4M3>([2], [default, default]);
        }

        Safetensors("models/diffusion_models/any.safetensors", tensors);
    }

    /// <summary>
    /// ComfyUI's tree with a transformer in 8-bit integers, a scale for each row; rotated in groups of columns if there are any.
    /// </summary>
    public void EightBit(int? group)
    {
        Comfy();
        var note = group is null
            ? """{"format": "int8_tensorwise", "per_row": true}"""
            : $$"""{"format": "int8_tensorwise", "convrot": true, "convrot_groupsize": {{group}}}""";
        var tensors = new Dictionary<string, Tensor>(networks.Transformer);
        foreach (var (name, tensor) in networks.Transformer.Where(pair => TinyNetworks.IsFloat8(pair.Key, pair.Value)))
        {
            var (rows, columns) = ((int)tensor.Shape[0], (int)tensor.Shape[1]);
            var values = tensor.Read<float>().ToArray();
            var (codes, scales) = (new sbyte[values.Length], new float[rows]);
            for (var row = 0; row < rows; row++)
            {
                var line = values.AsSpan(row * columns, columns);
                if (group is { } size)
                {
                    RegularHadamard.Of(size)!.Rotate(line);
                }

                scales[row] = Math.Max(float.Epsilon, line.ToArray().Max(MathF.Abs)) / LargestCode;
                for (var column = 0; column < columns; column++)
                {
                    codes[(row * columns) + column] = (sbyte)MathF.Round(line[column] / scales[row]);
                }
            }

            var layer = name[..^".weight".Length];
            tensors[name] = Tensor.CopyOf<sbyte>(tensor.Shape, codes);
            tensors[$"{layer}.weight_scale"] = Tensor.CopyOf<float>([rows, 1], scales);
            tensors[$"{layer}.comfy_quant"] = Tensor.CopyOf<byte>([note.Length], Encoding.ASCII.GetBytes(note));
        }

        Safetensors("models/diffusion_models/any.safetensors", tensors);
    }

    /// <summary>ComfyUI's tree with transformers of TurboDiffusion and rCM, which embed patches by a matrix.</summary>
    public void Turbo()
    {
        Comfy();
        const string Patches = "patch_embedding.weight";
        foreach (var (tensors, place) in Transformers("", "_low_noise", "_high_noise"))
        {
            var weight = tensors[Patches];
            var matrix = weight.Reshape([weight.Shape[0], weight.Shape.ElementCount / weight.Shape[0]]);
            Safetensors($"models/diffusion_models/any{place}.safetensors", new(tensors) { [Patches] = matrix });
        }
    }

    /// <summary>All in one file, each network behind its prefix. Of two experts each has one.</summary>
    public void SingleFile()
    {
        foreach (var (tensors, place) in Transformers("", "_low", "_high"))
        {
            var all = Renamed(tensors, name => ComfyTransformer + name)
                .Concat(Renamed(networks.Text, name => ComfyText + OtherTools.TransformersText(name)))
                .Concat(Renamed(networks.Vae, name => "vae." + name))
                .Concat(networks.Vision ?? [])
                .ToDictionary();
            Safetensors($"all{place}.safetensors", WithTokenizer(all));
        }
    }

    private IEnumerable<(Dictionary<string, Tensor> Tensors, string Place)> Transformers(string only, string low, string high)
    {
        yield return (networks.Transformer, networks.HighNoise is null ? only : low);
        if (networks.HighNoise is { } highNoise)
        {
            yield return (highNoise, high);
        }
    }

    private static Dictionary<string, Tensor> Renamed(Dictionary<string, Tensor> tensors, Func<string, string> rename) =>
        tensors.ToDictionary(pair => rename(pair.Key), pair => pair.Value);

    private static Dictionary<string, Tensor> WithTokenizer(Dictionary<string, Tensor> tensors)
    {
        var bytes = File.ReadAllBytes(TinyNetworks.SpieceModel);
        return new(tensors) { ["spiece_model"] = Tensor.CopyOf<byte>([bytes.Length], bytes) };
    }

    private void Vision(string name)
    {
        if (networks.Vision is { } vision)
        {
            Safetensors(
                name,
                vision
                    .SelectMany(pair => OtherTools.TransformersClip(pair.Key, pair.Value))
                    .ToDictionary(part => part.Name, part => part.Tensor)
            );
        }
    }

    private void Shards(string name, Dictionary<string, Tensor> tensors)
    {
        var halves = tensors.Index().GroupBy(pair => pair.Index % 2, pair => pair.Item).ToList();
        var map = new List<string>();
        foreach (var half in halves)
        {
            var file = $"{Path.GetFileName(name)}-0000{half.Key + 1}-of-00002.safetensors";
            Safetensors(Path.Combine(Path.GetDirectoryName(name)!, file), half.ToDictionary());
            map.AddRange(half.Select(pair => $"\"{pair.Key}\":\"{file}\""));
        }

        Write($"{name}.safetensors.index.json", $$$"""{"metadata":{},"weight_map":{{{{string.Join(",", map)}}}}}""");
    }

    private void Safetensors(string name, Dictionary<string, Tensor> tensors) => SafetensorsWriter.Write(Prepare(name), tensors);

    private void Write(string name, string text) => File.WriteAllText(Prepare(name), text);

    private string Prepare(string name)
    {
        var path = Path.Combine(folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return path;
    }
}
