using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Models.Tests.Layout;

/// <summary>A folder of a tiny model's files under any names.</summary>
internal sealed class TinyFolder(string variant) : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<IDisposable> _tensors = [];

    public TinyNetworks Networks { get; } = new(variant);

    public string Path => _folder.Path;

    public string this[string name] => _folder[name];

    /// <summary>The parts besides the transformer in ComfyUI's folders.</summary>
    public TinyFolder Comfy(string root = "")
    {
        TextEncoder(System.IO.Path.Combine(root, "text_encoders/umt5_xxl_fp16.safetensors"));
        Vae(System.IO.Path.Combine(root, "vae/wan_2.1_vae.safetensors"));
        return this;
    }

    /// <summary>The transformer, or Wan 2.2's low-noise expert.</summary>
    public string Transformer(string name) => Write(name, Networks.Transformer);

    public string HighNoise(string name) => Write(name, Networks.HighNoise!);

    public string Vae(string name, Action<Dictionary<string, Tensor>>? change = null) => Write(name, Changed(Networks.Vae, change));

    public string TextEncoder(string name, bool hasTokenizer = true, Action<Dictionary<string, Tensor>>? change = null)
    {
        var tensors = Changed(Networks.Text, change).ToDictionary(pair => OtherTools.TransformersText(pair.Key), pair => pair.Value);
        if (hasTokenizer)
        {
            var bytes = File.ReadAllBytes(TinyNetworks.SpieceModel);
            tensors["spiece_model"] = Keep(Tensor.CopyOf<byte>([bytes.Length], bytes));
        }

        return Write(name, tensors);
    }

    public string Tokenizer(string name)
    {
        File.Copy(TinyNetworks.SpieceModel, Prepare(name));
        return this[name];
    }

    public string Write(string name, IReadOnlyDictionary<string, Tensor> tensors, Dictionary<string, string>? notes = null)
    {
        if (name.EndsWith(".gguf", StringComparison.Ordinal))
        {
            OtherFormats.WriteGguf(Prepare(name), tensors);
        }
        else
        {
            SafetensorsWriter.Write(Prepare(name), tensors, notes);
        }

        return this[name];
    }

    public string Text(string name, string text)
    {
        File.WriteAllText(Prepare(name), text);
        return this[name];
    }

    /// <summary>A link to a file or folder that is there.</summary>
    public string Link(string name, string target)
    {
        if (Directory.Exists(this[target]))
        {
            Directory.CreateSymbolicLink(Prepare(name), this[target]);
        }
        else
        {
            File.CreateSymbolicLink(Prepare(name), this[target]);
        }

        return this[name];
    }

    /// <summary>A tensor that lives as long as the folder.</summary>
    public Tensor Keep(Tensor tensor)
    {
        _tensors.Add(tensor);
        return tensor;
    }

    public string Refusal(string path, NamedParts? named = null) => Assert.Throws<CheckpointException>(() => Find(path, named)).Message;

    public ModelParts Find(string path, NamedParts? named = null) => new ModelFinder().FindParts(System.IO.Path.Combine(Path, path), named);

    /// <summary>The experts that are found, high noise first, below the folder.</summary>
    public (string? High, string Low) Experts(string path, NamedParts? named = null)
    {
        var parts = Find(path, named);
        return (parts.HighNoisePath is { } high ? Relative(high) : null, Relative(parts.TransformerPath));
    }

    public string Relative(string path) => System.IO.Path.GetRelativePath(Path, path);

    public void Dispose()
    {
        Networks.Dispose();
        _tensors.ForEach(tensor => tensor.Dispose());
        _folder.Dispose();
    }

    private static Dictionary<string, Tensor> Changed(Dictionary<string, Tensor> tensors, Action<Dictionary<string, Tensor>>? change)
    {
        var copy = new Dictionary<string, Tensor>(tensors);
        change?.Invoke(copy);
        return copy;
    }

    private string Prepare(string name)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(this[name])!);
        return this[name];
    }
}
