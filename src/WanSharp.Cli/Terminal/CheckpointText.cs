using System.Globalization;
using System.Text.Json.Nodes;
using WanSharp.Graphs.Networks;
using WanSharp.Models.Layout;
using WanSharp.Runtime.Weights;

namespace WanSharp.Cli.Terminal;

/// <summary>What a checkpoint holds, for people and for programs.</summary>
internal static class CheckpointText
{
    private const string Unknown = "no network of Wan's";

    /// <summary>One line for each network, then types and size, and how much of it is prepared; the problem last.</summary>
    public static string Describe(NetworkFile file, PreparedBlocks? prepared = null)
    {
        List<string> lines = [PlainText.OneLine(file.Path)];
        lines.AddRange(Networks(file).Select(network => $"  {network}"));
        if (file.Variant is { } variant)
        {
            lines.Add($"  runs as {variant}{(file.Noise is { } noise ? $", its expert for {noise} noise" : "")}");
        }

        if (file is { IsKnown: false, Problem: null })
        {
            lines.Add($"  {Unknown}");
        }

        if (file.TensorCount > 0)
        {
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"  {file.TensorCount} tensors of {string.Join(", ", file.DTypes)}, {file.Length / 1e9:0.00} GB"));
        }

        if (prepared is not null)
        {
            lines.Add(prepared.Ready == 0
                ? "  prepared: nothing; --precision int8 prepares 8-bit weights when it first runs"
                : string.Create(CultureInfo.InvariantCulture, $"  prepared: int8 of {prepared.Ready} of {prepared.All} blocks, {prepared.Bytes / 1e9:0.00} GB in the cache"));
        }

        if (file.Reason is { } reason)
        {
            lines.Add($"  cannot be used: {PlainText.OneLine(reason)}");
        }

        return string.Join(Environment.NewLine, lines);
    }

    public static JsonObject Json(NetworkFile file, PreparedBlocks? prepared = null) => new()
    {
        ["path"] = file.Path,
        ["networks"] = new JsonArray([.. Networks(file).Select(network => JsonValue.Create(network))]),
        ["variant"] = file.Variant,
        ["noise"] = file.Noise,
        ["dtypes"] = new JsonArray([.. file.DTypes.Select(dtype => JsonValue.Create(dtype))]),
        ["tensors"] = file.TensorCount,
        ["bytes"] = file.Length,
        ["tokenizer"] = file.HasTokenizer,
        ["problem"] = file.Problem,
        ["prepared"] = prepared is null ? null : new JsonObject { ["int8"] = new JsonObject { ["blocks"] = prepared.Ready, ["of"] = prepared.All, ["bytes"] = prepared.Bytes } },
    };

    private static IEnumerable<string> Networks(NetworkFile file)
    {
        if (file.Transformer is { } transformer)
        {
            var does = transformer.ModelType switch
            {
                ModelType.TextToVideo => "text to video",
                ModelType.TextImageToVideo => "text and image to video (ti2v)",
                ModelType.FirstLastFrameToVideo => "first and last frame to video",
                _ => transformer.ClipDim is null ? "image to video (Wan 2.2)" : "image to video (Wan 2.1, with CLIP)",
            };
            yield return $"Wan transformer, {does}, {transformer.Layers} layers of {transformer.Dim}, {transformer.InChannels} channels in, {transformer.OutChannels} out";
        }

        if (file.TextEncoder is { } text)
        {
            yield return $"umT5 text encoder, {text.Layers} layers of {text.Dim}{(file.HasTokenizer ? ", with its tokenizer" : "")}";
        }

        if (file.Vae is { } vae)
        {
            yield return $"{(vae.Kind == VaeKind.Wan22 ? "Wan 2.2" : "Wan 2.1")} VAE, {vae.LatentChannels} latent channels at 1/{vae.SpatialStride} of the size";
        }

        if (file.ClipVision is { } clip)
        {
            yield return $"CLIP image encoder, {clip.Layers} layers of {clip.Dim}, images of {clip.ImageSize}x{clip.ImageSize}";
        }
    }
}
