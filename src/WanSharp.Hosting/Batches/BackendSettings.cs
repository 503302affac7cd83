using System.Text.Json;
using WanSharp.Jobs.Storage;
using WanSharp.Runtime;
using WanSharp.Tensors;

namespace WanSharp.Hosting.Batches;

/// <summary>What makes the clips of a batch: kept next to its jobs, so that it is resumed with the same.</summary>
public sealed record BackendSettings
{
    private const string FileName = "batch.json";

    /// <summary>
    /// The engine in this process: the model, what computes it, and how clips share the machine. Memory limits and what is kept compiled
    /// are each run's own, and are not kept.
    /// </summary>
    public required EngineSettings Engine { get; init; }

    /// <summary>The model's folder or file, in full: a resumed batch need not be started where it was begun.</summary>
    public string? ModelPath { get; init; }

    /// <summary>Digest of the model's files when the batch was begun.</summary>
    public string? ModelDigest { get; init; }

    /// <summary>What a clip may begin with.</summary>
    public ReuseMode Reuse { get; init; }

    /// <summary>Whether cached results are ignored.</summary>
    public bool MakesAll { get; init; }

    /// <summary>The servers that make the clips; null for the engine in this process.</summary>
    public ComfySettings? Comfy { get; init; }

    /// <summary>The settings that a batch was started with.</summary>
    /// <exception cref="JobStoreException">They are gone or damaged.</exception>
    public static BackendSettings Load(JobFolder folder)
    {
        var path = folder.Settings(FileName);
        try
        {
            return JsonSerializer.Deserialize(PlainFile.ReadAllBytes(path), KeptBackendJson.Default.KeptBackend)?.ToSettings()
                ?? throw new JsonException("It is null.");
        }
        catch (Exception exception) when (exception is JsonException or FileNotFoundException)
        {
            if (folder.RecoverSettings() is { } kept)
            {
                return kept.Deserialize(KeptBackendJson.Default.KeptBackend)!.ToSettings();
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

        var isSameName = earlier.Engine.Model == Engine.Model || (earlier.ModelPath is not null && earlier.ModelPath == ModelPath);
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

    /// <summary>These settings, with what was left open as the jobs of a folder have it: what it settled stays so.</summary>
    /// <param name="folder">The folder, which need not exist.</param>
    public BackendSettings KeepingOf(string folder) =>
        Engine.Precision is null && JobFolder.Exists(folder) && TryLoad(JobFolder.Open(folder)) is { Engine.Precision: { } kept }
            ? this with
            {
                Engine = Engine with { Precision = kept },
            }
            : this;

    /// <summary>Whether a folder's clips are made with these settings, of the same model to the byte.</summary>
    /// <param name="folder">The folder.</param>
    public bool AreOf(JobFolder folder) =>
        TryLoad(folder) is { } earlier && earlier.OfClips() == OfClips() && earlier.ModelDigest == ModelDigest;

    /// <summary>Keeps the settings, whole or not at all.</summary>
    public void Save(JobFolder folder) =>
        AtomicFile.Write(
            folder.Settings(FileName),
            JsonSerializer.SerializeToUtf8Bytes(KeptBackend.Of(this), KeptBackendJson.Default.KeptBackend)
        );

    /// <summary>Keeps the settings, and in the journal too.</summary>
    public void Save(JobStore store)
    {
        Save(store.Folder);
        store.KeepSettings(JsonSerializer.SerializeToElement(KeptBackend.Of(this), KeptBackendJson.Default.KeptBackend));
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
            KeptBackend.Of(this) with
            {
                Model = "",
                ModelPath = null,
                ModelDigest = null,
                Threads = null,
                BatchSize = null,
                Lanes = null,
                MakesAll = false,
                Precision = (Engine.Precision ?? Precision.Full).Name, // of a batch that was never opened
                Comfy = Comfy is null ? null : Comfy with { Servers = [], WorkflowFile = "" },
            },
            KeptBackendJson.Default.KeptBackend
        );
}
