using System.Text.Json;
using WanSharp.Tensors;

namespace WanSharp.Models.Loras;

/// <summary>
/// What PEFT keeps apart from the tensors: in <c>adapter_config.json</c> next to the file, or in the file's header, where Diffusers
/// writes it. A file's own <c>.alpha</c> goes before its scale.
/// </summary>
/// <remarks>
/// Sources: huggingface/peft:src/peft/tuners/lora/config.py, loha/config.py, lokr/config.py, lokr/layer.py (the scale is alpha / r, also
/// where nothing is a product of thin factors).
/// </remarks>
internal sealed class PeftNote
{
    private const string HeaderKey = "lora_adapter_metadata";
    private const string ConfigFile = "adapter_config.json";
    private const long MostBytes = 1 << 20;
    private const string WeightsFile = "adapter_model.";
    private const string Prefix = "base_model.model.";
    private const string OwnScale = ".alpha";
    private const string WayOut = "merge it into a checkpoint with PEFT";

    private static readonly string[] Formats = ["safetensors", "bin"];
    private static readonly string[] Methods = ["LORA", "LOHA", "LOKR"];

    // Beginnings of factors that leave the model as it is. Others (pissa, olora, loftq, corda) take from it what the factors add.
    private static readonly string[] PlainStarts = ["gaussian", "eva", "orthogonal", "lycoris"];

    // What changes the product, and is not computed here.
    private static readonly string[] Unknown = ["layer_replication", "alora_invocation_tokens", "trainable_token_indices", "arrow_config"];

    private static readonly string[] KnownUses = ["use_rslora", "use_dora", "use_effective_conv2d"];

    private readonly double _alpha;
    private readonly bool _isRankStabilized;

    private PeftNote(double alpha, bool isRankStabilized, double? rank, bool isDecomposed)
    {
        (_alpha, _isRankStabilized, Rank) = (alpha, isRankStabilized, rank);
        IsDecomposed = isDecomposed;
    }

    /// <summary>Whether it is said to be DoRA, which has the lengths of rows, too.</summary>
    public bool IsDecomposed { get; }

    /// <summary>The rank of all layers; null if theirs differ.</summary>
    public double? Rank { get; }

    /// <summary>What a rank's change is multiplied by.</summary>
    public double ScaleOf(long rank) => _alpha / (_isRankStabilized ? Math.Sqrt(rank) : rank);

    /// <summary>What a change is multiplied by that is no product of thin factors; null if ranks of layers differ.</summary>
    public double? ScaleOfWhole() => Rank is { } rank ? _alpha / rank : null;

    /// <summary>What is noted of a file; null for nothing.</summary>
    /// <exception cref="CheckpointException">It cannot be read, or asks for something that is not supported.</exception>
    public static PeftNote? Find(ICheckpoint file)
    {
        if (file.Metadata.TryGetValue(HeaderKey, out var header))
        {
            return Read(file.Path, header);
        }

        return PlaceOf(file) is { } config && File.Exists(config) ? Read(config, ReadConfig(config)) : null;
    }

    /// <summary>
    /// The configuration next to a file, whether or not it is there; null where none would be read. A file of another name than PEFT's own
    /// has been renamed: the configuration is its only where no other file could claim it.
    /// </summary>
    public static string? PlaceOf(ICheckpoint file)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(file.Path))!;
        var isIts =
            Path.GetFileName(file.Path).StartsWith(WeightsFile, StringComparison.Ordinal) || (IsNamedByPeft(file) && IsAlone(folder));
        return isIts && !file.Metadata.ContainsKey(HeaderKey) ? Path.Combine(folder, ConfigFile) : null;
    }

    private static bool IsAlone(string folder) =>
        Directory
            .EnumerateFiles(folder)
            .Count(path => Array.Exists(Formats, format => path.EndsWith($".{format}", StringComparison.OrdinalIgnoreCase))) == 1;

    /// <summary>Whether a file's tensors have the names that PEFT saves, of which the scale is no part.</summary>
    public static bool IsNamedByPeft(ICheckpoint file) => Names(file).Any(name => name.StartsWith(Prefix, StringComparison.Ordinal));

    /// <summary>Whether a file has scales of its own, as other tools write them.</summary>
    public static bool HasScales(ICheckpoint file) => Names(file).Any(name => name.EndsWith(OwnScale, StringComparison.Ordinal));

    private static IEnumerable<string> Names(ICheckpoint file) => file.Tensors.Keys.Concat(file.Unsupported.Keys);

    private static string ReadConfig(string path)
    {
        try
        {
            return FileFacts.Of(path).Length <= MostBytes
                ? PlainFile.ReadAllText(path)
                : throw new CheckpointException(path, "it is too long for a configuration.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(path, $"it cannot be read: {e.Message}", e);
        }
    }

    private static PeftNote? Read(string path, string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var all = document
                .RootElement.EnumerateObject()
                .Select(property => (Name: property.Name.Split('.')[^1], property.Value))
                .Where(property => property.Value.ValueKind != JsonValueKind.Null)
                .ToLookup(property => property.Name, property => property.Value);
            RequireUnderstood(path, all);
            var alphaName = all["peft_type"].Any(type => type.GetString() is "LOHA" or "LOKR") ? "alpha" : "lora_alpha";
            var alphas = all[alphaName].Select(value => value.GetDouble()).Distinct().ToList();
            var stabilized = all["use_rslora"].Select(value => value.GetBoolean()).Distinct().ToList();
            var ranks = all["r"].Select(value => value.GetDouble()).Distinct().ToList();
            var hasPattern = all["rank_pattern"].Any(IsSaid);
            return alphas.Count > 1 || stabilized.Count > 1
                    ? throw new CheckpointException(path, "it gives the two experts different scales: save each in a file of its own.")
                : alphas is [var alpha] && double.IsFinite(alpha)
                    ? new PeftNote(
                        alpha,
                        stabilized is [true],
                        ranks is [> 0 and var rank] && !hasPattern ? rank : null,
                        all["use_dora"].Any(IsSaid)
                    )
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new CheckpointException(
                path,
                e is JsonException { LineNumber: var line }
                    ? $"what it notes of the LoRA is not valid JSON from line {line + 1} on: correct it, or get it again."
                    : "what it notes of the LoRA has a text where PEFT writes a number, or the other way round: correct it.",
                e
            );
        }
    }

    /// <summary>Refuses what changes the product in a way that is not computed here.</summary>
    private static void RequireUnderstood(string path, ILookup<string, JsonElement> all)
    {
        if (all["alpha_pattern"].Any(IsSaid))
        {
            throw new CheckpointException(path, "its alpha_pattern gives layers scales of their own, which is not supported.");
        }

        if (all["peft_type"].Select(type => type.GetString() ?? "").FirstOrDefault(type => !Methods.Contains(type)) is { } method)
        {
            throw new CheckpointException(path, $"it is an adapter of the kind {method}, which is not supported: {WayOut}.");
        }

        if (
            all["init_lora_weights"]
                .Where(start => start.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
                .Select(start => start.ToString())
                .FirstOrDefault(start => !PlainStarts.Contains(start)) is
            { } start
        )
        {
            throw new CheckpointException(
                path,
                $"it was begun with {start}, which changed the model, too, and belongs to that one, not to the plain one: {WayOut}."
            );
        }

        var uses = all.Select(one => one.Key).Where(name => name.StartsWith("use_", StringComparison.Ordinal) && !KnownUses.Contains(name));
        if (Unknown.Concat(uses).FirstOrDefault(name => all[name].Any(IsSaid)) is { } other)
        {
            throw new CheckpointException(path, $"its {other} changes what it does in a way that is not supported: {WayOut}.");
        }
    }

    private static bool IsSaid(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.Null or JsonValueKind.False => false,
            JsonValueKind.Object => value.EnumerateObject().Any(),
            JsonValueKind.Array => value.GetArrayLength() > 0,
            _ => true,
        };
}
