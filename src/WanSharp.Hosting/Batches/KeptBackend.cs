using System.Text.Json.Serialization;
using WanSharp.Engine;
using WanSharp.Engine.Decoding;
using WanSharp.Engine.Planning;
using WanSharp.Graphs;
using WanSharp.Models;
using WanSharp.Runtime;

namespace WanSharp.Hosting.Batches;

/// <summary>The settings of a backend as <c>batch.json</c> has them: what decides which clips are made, and how many at a time.</summary>
internal sealed record KeptBackend
{
    public required string Model { get; init; }

    /// <summary>Full paths.</summary>
    public NamedParts Parts { get; init; } = NamedParts.None;

    public string? ModelPath { get; init; }

    public string? ModelDigest { get; init; }

    public required string Provider { get; init; }

    public IReadOnlyDictionary<string, string> ProviderOptions { get; init; } = new Dictionary<string, string>();

    /// <summary>Its name, in earlier versions another one; null until the batch is opened.</summary>
    public string? Precision { get; init; }

    public CompileChoice Compile { get; init; } = CompileChoice.Default;

    public LoraMode LoraMode { get; init; }

    /// <summary>As <c>--vae-tile</c> takes it; null, as in earlier versions, for auto.</summary>
    public string? VaeTile { get; init; }

    public int? Threads { get; init; }

    public ReuseMode Reuse { get; init; }

    public int? BatchSize { get; init; }

    /// <summary>Null for one.</summary>
    [JsonPropertyName("workers")] // as settings of earlier versions call it
    public int? Lanes { get; init; }

    public bool MakesAll { get; init; }

    public ComfySettings? Comfy { get; init; }

    public static KeptBackend Of(BackendSettings settings)
    {
        var (engine, options) = (settings.Engine, settings.Engine.Options);
        return new KeptBackend
        {
            Model = engine.Model,
            Parts = engine.Parts,
            ModelPath = settings.ModelPath,
            ModelDigest = settings.ModelDigest,
            Provider = engine.Provider,
            ProviderOptions = engine.ProviderOptions,
            Precision = engine.Precision?.Name,
            Compile = engine.Compile,
            LoraMode = options.LoraMode,
            VaeTile = options.VaeTile.ToString(),
            Threads = engine.Threads,
            Reuse = settings.Reuse,
            BatchSize = options.BatchSize,
            Lanes = options.Lanes == 1 ? null : options.Lanes,
            MakesAll = settings.MakesAll,
            Comfy = settings.Comfy,
        };
    }

    public BackendSettings ToSettings() =>
        new()
        {
            Engine = new EngineSettings
            {
                Model = Model,
                Parts = Parts,
                Provider = Provider,
                ProviderOptions = ProviderOptions,
                Precision = PrecisionOf(Precision),
                Compile = Compile,
                Threads = Threads,
                Options = new EngineOptions
                {
                    LoraMode = LoraMode,
                    VaeTile =
                        VaeTileChoice.TryParse(VaeTile ?? "auto") ?? throw new System.Text.Json.JsonException("vae_tile is not a size."),
                    BatchSize = BatchSize,
                    Lanes = Lanes ?? 1,
                },
            },
            ModelPath = ModelPath,
            ModelDigest = ModelDigest,
            Reuse = Reuse,
            MakesAll = MakesAll,
            Comfy = Comfy,
        };

    private static Precision? PrecisionOf(string? name) =>
        name switch
        {
            null => null,
            nameof(Quantization.None) => Runtime.Precision.Full,
            nameof(Quantization.EightBit) => Runtime.Precision.EightBit,
            _ => Runtime.Precision.Find(name) ?? throw new System.Text.Json.JsonException($"precision '{name}' is not known."),
        };
}

/// <summary>The settings as JSON.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true,
    WriteIndented = true,
    UseStringEnumConverter = true
)]
[JsonSerializable(typeof(KeptBackend))]
internal sealed partial class KeptBackendJson : JsonSerializerContext;
