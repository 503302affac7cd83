using System.Text.Json;
using System.Text.Json.Serialization;
using WanSharp.Engine.Planning;
using WanSharp.Graphs;
using WanSharp.Jobs.Storage;
using WanSharp.Models;
using WanSharp.Tensors;

namespace WanSharp.Hosting.Batches;

/// <summary>What makes the clips of a batch: kept next to its jobs, so that it is resumed with the same.</summary>
public sealed record BackendSettings
{
    private const string FileName = "batch.json";

    /// <summary>The model, by name or path.</summary>
    public required string Model { get; init; }

    /// <summary>The model's parts that were named by hand, by full paths.</summary>
    public NamedParts Parts { get; init; } = NamedParts.None;

    /// <summary>The model's folder or file, in full: a resumed batch need not be started where it was begun.</summary>
    public string? ModelPath { get; init; }

    /// <summary>Digest of the model's files when the batch was begun.</summary>
    public string? ModelDigest { get; init; }

    /// <summary>The execution provider, or "auto".</summary>
    public required string Provider { get; init; }

    /// <summary>Options of the provider, by ONNX Runtime's names.</summary>
    public IReadOnlyDictionary<string, string> ProviderOptions { get; init; } = new Dictionary<string, string>();

    /// <summary>What the transformer's blocks multiply.</summary>
    public Quantization Precision { get; init; }

    /// <summary>How networks are compiled.</summary>
    public CompileChoice Compile { get; init; } = CompileChoice.Default;

    /// <summary>How LoRAs change the transformer.</summary>
    public LoraMode LoraMode { get; init; }

    /// <summary>Threads that compute; null for one per physical core.</summary>
    public int? Threads { get; init; }

    /// <summary>What a clip may begin with.</summary>
    public ReuseMode Reuse { get; init; }

    /// <summary>How many clips share a denoise step at most; null for as many as pay.</summary>
    public int? BatchSize { get; init; }

    /// <summary>Lanes; null for the default.</summary>
    [JsonPropertyName("workers")] // as settings of earlier versions call it
    public int? Lanes { get; init; }

    /// <summary>Whether cached results are ignored.</summary>
    public bool MakesAll { get; init; }

    /// <summary>The servers that make the clips; null for the engine in this process.</summary>
    public ComfySettings? Comfy { get; init; }

    /// <summary>The settings of an engine that makes these clips.</summary>
    /// <param name="engine">How clips share the machine, and the memory limits.</param>
    public EngineSettings Engine(EngineSettings engine)
    {
        ArgumentNullException.ThrowIfNull(engine);
        return engine with
        {
            Model = Model,
            Parts = Parts,
            Provider = Provider,
            ProviderOptions = ProviderOptions,
            Precision = Precision,
            Compile = Compile,
            Threads = Threads,
            KeepsFeatures = true,
            Options = engine.Options with { LoraMode = LoraMode },
        };
    }

    /// <summary>The settings that a batch was started with.</summary>
    /// <exception cref="JobStoreException">They are gone or damaged.</exception>
    public static BackendSettings Load(JobFolder folder)
    {
        var path = folder.Settings(FileName);
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), BackendSettingsJson.Default.BackendSettings)
                ?? throw new JsonException("It is null.");
        }
        catch (Exception exception) when (exception is JsonException or FileNotFoundException)
        {
            if (folder.RecoverSettings() is { } kept)
            {
                return kept.Deserialize(BackendSettingsJson.Default.BackendSettings)!;
            }

            throw new JobStoreException(
                $"{path} cannot be read: {exception.Message} Repeat the original command with "
                    + "the same folder: finished clips are kept.",
                exception
            );
        }
    }

    /// <summary>Refuses to go on with other files of the model than the batch was begun with: its clips would be of two models.</summary>
    /// <param name="kept">The settings that the batch was begun with.</param>
    /// <param name="folder">The batch's folder.</param>
    /// <exception cref="JobStoreException">The model differs.</exception>
    public void RequireModelOf(BackendSettings kept, JobFolder folder)
    {
        if (kept.ModelDigest is { } before && ModelDigest is { } now && before != now)
        {
            throw new JobStoreException(
                $"The model has changed since the batch in {folder.Path} was started (digest {before[..12]}…, now {now[..12]}… at "
                    + $"{ModelPath}): restore its files, name another folder, or accept the new ones with --allow-model-change."
            );
        }
    }

    /// <summary>
    /// Refuses to take the place of other settings with which jobs of the folder still wait: they would become other clips than
    /// was asked for.
    /// </summary>
    /// <param name="store">The jobs.</param>
    /// <param name="allowsModelChange">Whether other files of the same model will do.</param>
    /// <exception cref="JobStoreException">Jobs wait for other settings.</exception>
    public void RequireOf(JobStore store, bool allowsModelChange)
    {
        var open = store.Counts().Open;
        if (open == 0 || TryLoad(store.Folder) is not { } earlier)
        {
            return;
        }

        var isSameName = earlier.Model == Model || (earlier.ModelPath is not null && earlier.ModelPath == ModelPath);
        if (isSameName && !allowsModelChange)
        {
            RequireModelOf(earlier, store.Folder);
        }

        if (earlier.OfClips() != OfClips() || (!isSameName && (earlier.ModelDigest is null || earlier.ModelDigest != ModelDigest)))
        {
            throw new JobStoreException(
                $"{store.Folder.Path} has {open} jobs that wait for another model, backend, precision or reuse: finish them first "
                    + "(wan batch --resume, or wan jobs cancel), or name another folder."
            );
        }
    }

    /// <summary>Whether a folder's clips are made with these settings, of the same model to the byte.</summary>
    /// <param name="folder">The folder.</param>
    public bool AreOf(JobFolder folder) =>
        TryLoad(folder) is { } earlier && earlier.OfClips() == OfClips() && earlier.ModelDigest == ModelDigest;

    /// <summary>Keeps the settings, whole or not at all.</summary>
    public void Save(JobFolder folder) =>
        AtomicFile.Write(folder.Settings(FileName), JsonSerializer.SerializeToUtf8Bytes(this, BackendSettingsJson.Default.BackendSettings));

    /// <summary>Keeps the settings, and in the journal too.</summary>
    public void Save(JobStore store)
    {
        Save(store.Folder);
        store.KeepSettings(JsonSerializer.SerializeToElement(this, BackendSettingsJson.Default.BackendSettings));
    }

    private static BackendSettings? TryLoad(JobFolder folder)
    {
        try
        {
            return Load(folder);
        }
        catch (JobStoreException)
        {
            return null;
        }
    }

    /// <summary>What of the settings decides which clips are made, to be compared.</summary>
    private string OfClips() =>
        JsonSerializer.Serialize(
            this with
            {
                Model = "",
                ModelPath = null,
                ModelDigest = null,
                Threads = null,
                BatchSize = null,
                Lanes = null,
                MakesAll = false,
                Comfy = Comfy is null ? null : Comfy with { Servers = [], WorkflowFile = "" },
            },
            BackendSettingsJson.Default.BackendSettings
        );
}

/// <summary>The settings as JSON.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true,
    WriteIndented = true,
    UseStringEnumConverter = true
)]
[JsonSerializable(typeof(BackendSettings))]
internal sealed partial class BackendSettingsJson : JsonSerializerContext;
