using System.Text.Json;
using System.Text.Json.Serialization;
using WanSharp.Cli.Commands;
using WanSharp.Engine.Strategies;
using WanSharp.Graphs;
using WanSharp.Jobs.Storage;

namespace WanSharp.Cli.Batches;

/// <summary>What makes the clips of a batch: kept beside its jobs, so that it is resumed with the same.</summary>
internal sealed record BackendSettings
{
    private const string FileName = "batch.json";

    public required string Model { get; init; }

    public required string Provider { get; init; }

    public IReadOnlyDictionary<string, string> ProviderOptions { get; init; } = new Dictionary<string, string>();

    public Quantization Precision { get; init; }

    public CompileChoice Compile { get; init; } = new(Compile: null, CompileTuning.Default, Dynamic: false);

    public int? Threads { get; init; }

    public ReuseMode Reuse { get; init; }

    /// <summary>The servers that make the clips; null for the engine in this process.</summary>
    public ComfySettings? Comfy { get; init; }

    /// <summary>The settings that a batch was started with.</summary>
    /// <exception cref="JobStoreException">They are gone or damaged.</exception>
    public static BackendSettings Load(JobFolder folder)
    {
        var path = folder.Settings(FileName);
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), BackendSettingsJson.Default.BackendSettings) ?? throw new JsonException("It is null.");
        }
        catch (Exception exception) when (exception is JsonException or FileNotFoundException)
        {
            throw new JobStoreException($"{path} cannot be read: {exception.Message} Run the batch as you started it, with the same folder: what is done stays done.", exception);
        }
    }

    /// <summary>Keeps the settings, whole or not at all.</summary>
    public void Save(JobFolder folder)
    {
        var path = folder.Settings(FileName);
        File.WriteAllBytes(path + ".new", JsonSerializer.SerializeToUtf8Bytes(this, BackendSettingsJson.Default.BackendSettings));
        File.Move(path + ".new", path, overwrite: true);
    }
}

/// <summary>The settings as JSON.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true, WriteIndented = true, UseStringEnumConverter = true)]
[JsonSerializable(typeof(BackendSettings))]
internal sealed partial class BackendSettingsJson : JsonSerializerContext;
