using System.Text.Json;
using System.Text.Json.Serialization;
using WanSharp.Tensors;

namespace WanSharp.Engine.StepCaches;

/// <summary>
/// What is known about step caches of a network: the data of <c>step-caches.json</c>, or of the file that is next to a model.
/// </summary>
internal sealed record KnownStepCache
{
    /// <summary>The name of the file next to a model.</summary>
    public const string FileName = "step-cache.json";

    private const string Resource = "WanSharp.Engine.step-caches.json";
    private const int MostBytes = 1 << 20;

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        ReadCommentHandling = JsonCommentHandling.Skip,
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    private static readonly Lazy<Dictionary<string, KnownStepCache>> Read = new(() =>
    {
        using var stream = typeof(KnownStepCache).Assembly.GetManifestResourceStream(Resource)!;
        return JsonSerializer.Deserialize<Dictionary<string, KnownStepCache>>(stream, Json)!;
    });

    /// <summary>What <c>auto</c> means for the network; null for what it means for any.</summary>
    public string? Auto { get; init; }

    /// <summary>Why.</summary>
    public string? Why { get; init; }

    /// <summary>TeaCache by <c>e</c>.</summary>
    public TeaData? Tea { get; init; }

    /// <summary>TeaCache by <c>e0</c>.</summary>
    [JsonPropertyName("tea-ret")]
    public TeaData? TeaRetained { get; init; }

    /// <summary>MagCache.</summary>
    public MagData? Mag { get; init; }

    /// <summary>EasyCache.</summary>
    public EasyData? Easy { get; init; }

    /// <summary>What the program knows about a network; null for nothing.</summary>
    public static KnownStepCache? Of(string network) => Read.Value.GetValueOrDefault(network);

    /// <summary>What a file next to a model says; null where there is none.</summary>
    /// <exception cref="InvalidRequestException">The file is not what it should be.</exception>
    public static KnownStepCache? ReadFile(string file)
    {
        if (FileFacts.Of(file) is not { Exists: true } facts)
        {
            return null;
        }

        try
        {
            var known = facts.Length > MostBytes ? null : JsonSerializer.Deserialize<KnownStepCache>(PlainFile.ReadAllBytes(file), Json);
            return known is null ? throw new JsonException("It says nothing, or is too large.")
                : known.FindFault() is { } fault ? throw new JsonException(fault)
                : known;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new InvalidRequestException(
                "step-cache",
                $"{file} does not say what it should about step caches: {e.Message} Write it with `wan bench step-cache --record`, or "
                    + "remove it."
            );
        }
    }

    /// <summary>This, and of all that it does not say what another says.</summary>
    /// <param name="other">The other; null for nothing.</param>
    public KnownStepCache Over(KnownStepCache? other) =>
        new()
        {
            Auto = Auto ?? other?.Auto,
            Why = Auto is null ? other?.Why : Why,
            Tea = Tea ?? other?.Tea,
            TeaRetained = TeaRetained ?? other?.TeaRetained,
            Mag = Mag ?? other?.Mag,
            Easy = Easy ?? other?.Easy,
        };

    /// <summary>The form that <see cref="ReadFile"/> reads.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>What is wrong with it; null if nothing is.</summary>
    private string? FindFault() =>
        Mag is { Ratios.Count: 0 } or { ImageRatios.Count: 0 } ? "mag has no ratios."
        : Tea is { Coefficients.Count: 0 } || TeaRetained is { Coefficients.Count: 0 } ? "tea has no coefficients."
        : Easy is { WarmUp: < 0 or > 1 } ? "easy's warm_up is a share of the steps, from 0 to 1."
        : Auto is not null && !(StepCacheSetting.TryParse(Auto, null, out var setting) && setting.Policy != StepCachePolicy.AutoName)
            ? $"auto is a step cache such as easy:0.05, not '{Auto}'."
        : null;

    /// <summary>TeaCache's data.</summary>
    /// <param name="Threshold">The usual threshold.</param>
    /// <param name="Coefficients">The polynomial's, highest power first.</param>
    public sealed record TeaData(double Threshold, IReadOnlyList<double> Coefficients);

    /// <summary>MagCache's data.</summary>
    /// <param name="Threshold">The usual threshold.</param>
    /// <param name="Skips">The most skips in a row.</param>
    /// <param name="Retention">The share of the first steps that are computed.</param>
    /// <param name="Ratios">The ratio of magnitudes of each step of a clip, the first 1; resampled to other steps.</param>
    public sealed record MagData(double Threshold, int Skips, double Retention, IReadOnlyList<double> Ratios)
    {
        /// <summary>The ratios of clips with given images; null for the same.</summary>
        public IReadOnlyList<double>? ImageRatios { get; init; }

        /// <summary>Whether all steps of the high-noise expert are computed.</summary>
        public bool LowNoiseOnly { get; init; }
    }

    /// <summary>EasyCache's data.</summary>
    /// <param name="Threshold">The usual threshold.</param>
    /// <param name="WarmUp">The share of the first steps that are computed.</param>
    public sealed record EasyData(double Threshold, double WarmUp);
}
