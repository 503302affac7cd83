using WanSharp.Hosting;
using WanSharp.Models;
using WanSharp.Server.Work;

namespace WanSharp.Server.Comfy;

/// <summary>The names that graphs may give for the server's files. Thread-safe.</summary>
/// <param name="host">Where models are.</param>
/// <param name="options">The model that is served.</param>
/// <param name="queue">Knows the model's name.</param>
/// <param name="pictures">The pictures that were uploaded.</param>
internal sealed class ServedNames(WanHost host, ServerOptions options, VideoQueue queue, InputPictures pictures)
{
    /// <summary>The parts that are the model's own, whatever a graph calls them, as long as it means a part of that kind.</summary>
    private static readonly Dictionary<string, string[]> Usual = new()
    {
        ["encoders"] = ["umt5"],
        ["vaes"] = ["wan_2.1_vae", "wan2.2_vae", "wan2_1_vae", "wan2_2_vae", "wan2.1_vae"],
        ["visions"] = ["clip_vision_h", "open-clip-xlm-roberta-large-vit-huge-14"],
    };

    private readonly Lazy<TakenParts?> _parts = new(() =>
        options.Backend.Comfy is null
            ? new ModelFinder().Find(host.Models.Find(options.Backend.Engine.Model), options.Backend.Engine.Parts)
            : null
    );

    /// <summary>Whether the model sees pictures through CLIP's encoder, too.</summary>
    public bool HasVision => _parts.Value?.VisionEncoder is not null;

    /// <summary>The names of a list, for those that choose one.</summary>
    public IReadOnlyList<string> Of(string list) =>
        list switch
        {
            "models" =>
            [
                .. new[] { queue.Model, FileOf(_parts.Value?.HighNoise), FileOf(_parts.Value?.Transformer) }.OfType<string>().Distinct(),
            ],
            "encoders" => Part(_parts.Value?.TextEncoder),
            "vaes" => Part(_parts.Value?.Vae),
            "visions" => Part(_parts.Value?.VisionEncoder),
            "pictures" => pictures.Names(),
            _ => [],
        };

    /// <summary>Whether a name is one of a list.</summary>
    public bool Takes(string list, string name) =>
        list switch
        {
            // whether it is there is seen later
            "loras" => name.All(c => c is not ('/' or '\\')) && !name.Contains("..", StringComparison.Ordinal),
            "pictures" => pictures.Find(name) is not null,
            _ => Of(list).Any(one => IsSame(one, name))
                || (Usual.TryGetValue(list, out var words) && words.Any(word => Plain(name).Contains(word, StringComparison.Ordinal))),
        };

    /// <summary>Why the transformers that a graph names are not those that are served; null if they are.</summary>
    /// <param name="single">The only transformer, or the only name of both.</param>
    /// <param name="high">The expert for high noise.</param>
    /// <param name="low">The expert for low noise.</param>
    public string? WhyNot(string? single, string? high, string? low)
    {
        var (parts, model) = (_parts.Value, queue.Model);
        if (single is not null)
        {
            return IsSame(single, model) || (parts is { HighNoise: null } && IsSame(single, FileOf(parts.Transformer)!)) ? null
                : parts?.HighNoise is null ? $"'{single}' is not served here: name '{model}'."
                : $"'{single}' is one of two experts that are served together: name both, or '{model}'.";
        }

        return parts?.HighNoise is { } noise && high is not null && low is not null
            ? IsSame(high, FileOf(noise)!) && IsSame(low, FileOf(parts.Transformer)!)
                ? null
                : $"the experts are {FileOf(noise)} for high noise, then {FileOf(parts.Transformer)}."
            : $"the model that is served, '{model}', is one transformer and not two: name it alone.";
    }

    private IReadOnlyList<string> Part(string? path) => [.. new[] { FileOf(path), queue.Model }.OfType<string>().Distinct()];

    private static string? FileOf(string? path) => path is null ? null : Path.GetFileName(path);

    private static bool IsSame(string one, string other) => Plain(one) == Plain(other);

    /// <summary>A name without folders, extension and case.</summary>
    private static string Plain(string name)
    {
        var file = name.Replace('\\', '/').Split('/')[^1].ToLowerInvariant();
        return file.EndsWith(".safetensors", StringComparison.Ordinal) ? file[..^".safetensors".Length]
            : file.EndsWith(".gguf", StringComparison.Ordinal) ? file[..^".gguf".Length]
            : file.EndsWith(".pth", StringComparison.Ordinal) ? file[..^".pth".Length]
            : file;
    }
}
