using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using WanSharp.Engine.Planning;
using WanSharp.Graphs;
using WanSharp.Models;
using WanSharp.Runtime;
using WanSharp.Tensors;
using WanSharp.Tools.Selftest;

namespace WanSharp.Tools.Export;

/// <summary>An export's <c>manifest.json</c>: what the files are, for programs.</summary>
internal static class ExportManifest
{
    private const string FileName = "manifest.json";
    private const string Format = "wansharp.export";
    private const int LongestManifest = 16 << 20;

    private static readonly JsonSerializerOptions Readable = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Whether a folder holds an export.</summary>
    public static bool IsIn(string folder)
    {
        var file = FileFacts.Of(Path.Combine(folder, FileName));
        if (!file.Exists || file.Length > LongestManifest)
        {
            return false;
        }

        try
        {
            using var stream = file.OpenRead();
            using var manifest = JsonDocument.Parse(stream);
            return manifest.RootElement.ValueKind == JsonValueKind.Object
                && manifest.RootElement.TryGetProperty("format", out var format)
                && format.ValueKind == JsonValueKind.String
                && format.ValueEquals(Format);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    public static void Write(
        string folder,
        WanModel model,
        ExportOptions options,
        IReadOnlyList<ExportedGraph> graphs,
        IReadOnlyList<Comparison> comparisons
    )
    {
        var defaults = model.Defaults;
        var manifest = new JsonObject
        {
            ["format"] = Format,
            ["version"] = 1,
            ["made_by"] = $"WanSharp {GenerationPlanner.ProductVersion}",
            ["model"] = model.Name,
            ["model_digest"] = model.Digest,
            ["lowering"] = options.Lowering == Lowering.Plain ? "plain" : "fused",
            ["precision"] = Precision.Of(options.Compute, Quantization.None).Name,
            ["graphs"] = Array(graphs.Select(Describe)),
            ["text_length"] = model.Transformer.TextLength,
            ["patch_size"] = Array([
                model.Transformer.PatchSize.Frames,
                model.Transformer.PatchSize.Height,
                model.Transformer.PatchSize.Width,
            ]),
            ["latent_channels"] = model.Vae.LatentChannels,
            ["vae_stride"] = Array([model.Vae.TemporalStride, model.Vae.SpatialStride, model.Vae.SpatialStride]),
            ["tokenizer"] = new JsonObject
            {
                ["eos_id"] = model.Tokenizer.EosId,
                ["pad_id"] = model.Tokenizer.PadId,
                ["digest"] = model.Tokenizer.Digest,
            },
            ["defaults"] = new JsonObject
            {
                ["width"] = defaults.Width,
                ["height"] = defaults.Height,
                ["frames"] = defaults.Frames,
                ["fps"] = defaults.Fps,
                ["steps"] = defaults.Steps,
                ["shift"] = defaults.Shift,
                ["guidance_scale"] = defaults.GuidanceScale,
                ["high_noise_guidance_scale"] = defaults.HighNoiseGuidanceScale,
                ["boundary"] = defaults.Boundary,
                ["negative_prompt"] = defaults.NegativePrompt,
            },
            ["checks"] = Array(
                comparisons.Select(comparison => new JsonObject
                {
                    ["name"] = comparison.Name,
                    ["max_error"] = double.IsFinite(comparison.MaximumError) ? comparison.MaximumError : null,
                    ["limit"] = double.IsFinite(comparison.Limit) ? comparison.Limit : null,
                })
            ),
        };
        File.WriteAllText(Path.Combine(folder, FileName), manifest.ToJsonString(Readable));
    }

    private static JsonObject Describe(ExportedGraph graph) =>
        new()
        {
            ["file"] = graph.File,
            ["data"] = $"{graph.File}.data",
            ["digest"] = graph.Graph.Digest,
            ["weight_bytes"] = graph.WeightBytes,
            ["inputs"] = Array(graph.Graph.Inputs.Select(Describe)),
            ["outputs"] = Array(graph.Graph.Outputs.Select(Describe)),
        };

    private static JsonObject Describe(GraphValue value) =>
        new()
        {
            ["name"] = value.Name,
            ["dtype"] = value.DType.Name(),
            ["shape"] = Array(
                value.Shape.Select(dim => dim.Known is { } known ? JsonValue.Create(known) : JsonValue.Create(dim.ToString()))
            ),
        };

    private static JsonArray Array(IEnumerable<JsonNode?> items) => [.. items];

    private static JsonArray Array(ReadOnlySpan<int> items) => [.. items.ToArray().Select(item => (JsonNode)item)];
}
