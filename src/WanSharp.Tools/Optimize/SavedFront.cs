using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using WanSharp.Engine.Costs;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Hosting;
using WanSharp.Models;
using WanSharp.Storage;

namespace WanSharp.Tools.Optimize;

/// <summary>
/// The front that was measured for clips that differ in nothing but their prompt and what is searched, of a model on a machine: other
/// clips, another model, machine or library have none.
/// </summary>
public sealed record SavedFront
{
    private const int MostBytes = 1 << 20;

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        RespectNullableAnnotations = true,
    };

    /// <summary>When it was measured.</summary>
    public required DateTimeOffset Measured { get; init; }

    /// <summary>The ways, the model's own first, then faster and faster ones.</summary>
    public required IReadOnlyList<SavedWay> Ways { get; init; }

    /// <summary>The name of a front: all that its figures depend on. Every setting is in it that is not left out by name.</summary>
    /// <param name="model">The model.</param>
    /// <param name="own">A clip as the model makes it.</param>
    /// <param name="runtime">The version of ONNX Runtime.</param>
    /// <param name="engine">What computes it; its precision is one of the levers.</param>
    public static string KeyOf(WanModel model, GenerationPlan own, string runtime, EngineSettings engine)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(own);
        ArgumentNullException.ThrowIfNull(engine);
        var options = engine.Options;
        return Digests.OfText(
            string.Join(
                '\n',
                "optimize 3",
                model.Digest,
                InCommon(own.Settings).ToJson(),
                $"onnxruntime {runtime} {string.Join(' ', engine.ProviderOptions.OrderBy(option => option.Key, StringComparer.Ordinal))}",
                $"{engine.Compile} {options.LoraMode} {options.VaeTile} {options.KeepCompiled} {options.Lanes} {options.BatchSize}",
                string.Create(CultureInfo.InvariantCulture, $"memory {engine.Memory}, of the host {engine.HostMemory}"),
                MachineName.Read()
            )
        );
    }

    /// <summary>Identifies what clips of a way have in common, whatever computes them: settings, and the content of files.</summary>
    /// <param name="plan">One of them.</param>
    internal static string MadeBy(GenerationPlan plan) => Digests.OfText((InCommon(plan.Settings) with { Execution = null }).ToJson());

    /// <summary>The front of a key; null if none was measured, or an older version of the program did.</summary>
    public static SavedFront? Find(ContentStore store, string key)
    {
        ArgumentNullException.ThrowIfNull(store);
        try
        {
            return store.TryRead(key) is { Length: < MostBytes } json ? JsonSerializer.Deserialize<SavedFront>(json, Json) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Keeps the front.</summary>
    public void Save(ContentStore store, string key)
    {
        ArgumentNullException.ThrowIfNull(store);
        store.Remove(key);
        store.Put(key, JsonSerializer.SerializeToUtf8Bytes(this, Json));
    }

    /// <summary>The way of the least loss within a time; null if none is so fast.</summary>
    public SavedWay? Within(TimeSpan time) => new OptimizeGoal { Within = time }.Best(Ways);

    /// <summary>The front without some of its ways.</summary>
    internal SavedFront Without(IReadOnlyCollection<SavedWay> ways) => this with { Ways = [.. Ways.Except(ways)] };

    private static GenerationSettings InCommon(GenerationSettings clip) =>
        clip with
        {
            ModelFiles = null, // the digest says it
            Preset = null,
            Prompt = "",
            NegativePrompt = "",
            Seed = 0,
            Images = [.. clip.Images.Select(image => image with { Sha256 = "" })],
        };

    /// <summary>The fastest way.</summary>
    [JsonIgnore]
    public SavedWay Fastest => Ways.MinBy(way => way.TotalSeconds)!;
}
