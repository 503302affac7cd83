using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using WanSharp.Engine.Requests;

namespace WanSharp.Jobs.Storage;

/// <summary>Compares settings of clips as they are stored in them and in jobs.</summary>
internal static class SettingsDifference
{
    private const string Version = "version";
    private const string Digest = "sha256";

    // What a clip is made from besides the model.
    private static readonly string[] OfFiles =
    [
        "images",
        "loras",
        "high_noise_loras",
        "low_noise_loras",
        "control",
        "mask",
        "references",
        "camera",
    ];

    /// <summary>Settings that name who made a clip, and how, but not which clip it is.</summary>
    internal static IReadOnlyList<string> Incidental { get; } = [Version, "model", "model_files", "preset", "reused", "execution"];

    /// <summary>Settings that follow from the others or from the model; an older version may not have written them.</summary>
    internal static IReadOnlyList<string> Derived { get; } =
    ["boundary", "high_noise_guidance_scale", "output_frames", "output_width", "output_height"];

    /// <summary>
    /// All other settings that a clip may leave out: they are written only where they do something. A clip that does not name one was
    /// made without it, whichever version wrote it.
    /// </summary>
    internal static IReadOnlyList<string> WithoutEffectIfAbsent { get; } =
    [
        .. typeof(GenerationSettings)
            .GetProperties()
            .Where(property => !property.IsDefined(typeof(RequiredMemberAttribute), inherit: false))
            .Select(property => JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name))
            .Except(Incidental)
            .Except(Derived),
    ];

    /// <summary>
    /// The first setting in which two lines of JSON differ; null when both say the same. A setting that only one of them names is a
    /// difference, too, unless another version wrote the other line and may not have known it.
    /// </summary>
    public static string? Find(string? one, string? other)
    {
        if (Parse(one) is not { } left || Parse(other) is not { } right)
        {
            return null;
        }

        if (Precision(left) is { } before && Precision(right) is { } after && before != after)
        {
            return "precision";
        }

        var isOneVersion = left[Version] is { } version && JsonNode.DeepEquals(version, right[Version]);
        return left.Select(setting => setting.Key)
            .Union(right.Select(setting => setting.Key))
            .Except(Incidental)
            .FirstOrDefault(name => Counts(name) && !JsonNode.DeepEquals(left[name], right[name]));

        bool Counts(string name) =>
            isOneVersion || WithoutEffectIfAbsent.Contains(name) || (left.ContainsKey(name) && right.ContainsKey(name));
    }

    /// <summary>
    /// The first setting whose files hold something else than they did when a job was planned; null where all are as they were, or an older
    /// version did not say what they held.
    /// </summary>
    public static string? FindOfFiles(string? planned, string? now) =>
        Parse(planned) is { } before && Parse(now) is { } after
            ? OfFiles.FirstOrDefault(name =>
                before[name] is { } one && after[name] is { } other && !DigestsIn(one).SequenceEqual(DigestsIn(other))
            )
            : null;

    private static IEnumerable<string> DigestsIn(JsonNode? node) =>
        node switch
        {
            JsonObject one => one.SelectMany(part => part.Key == Digest ? [part.Value?.ToJsonString() ?? ""] : DigestsIn(part.Value)),
            JsonArray several => several.SelectMany(DigestsIn),
            _ => [],
        };

    /// <summary>Whether a clip says that it has the settings of a job, the prompt and the seed among them.</summary>
    public static bool AreOf(string? clip, string? job) =>
        Parse(clip) is { } says
        && says.ContainsKey("prompt")
        && says.ContainsKey("seed")
        && Parse(job) is not null
        && Find(clip, job) is null;

    /// <summary>Whether settings name one.</summary>
    public static bool Has(string? settings, string name) => Parse(settings)?.ContainsKey(name) == true;

    /// <summary>Of what computes a clip the only part that can be seen in it.</summary>
    private static string? Precision(JsonObject settings) =>
        ((settings["execution"] as JsonObject)?["precision"] as JsonValue)?.TryGetValue<string>(out var name) == true
            ? name == "float32"
                ? "fp32"
                : name
            : null;

    private static JsonObject? Parse(string? json)
    {
        try
        {
            return json is null ? null : JsonNode.Parse(json) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
