using System.Text.Json;
using WanSharp.Tensors;

namespace WanSharp.Models.Loras;

/// <summary>
/// The scale that PEFT keeps apart from the tensors: in <c>adapter_config.json</c> next to the file, or in the file's header, where
/// Diffusers writes it. A file's own <c>.alpha</c> goes before it.
/// </summary>
/// <param name="alpha">lora_alpha.</param>
/// <param name="isRankStabilized">Whether it is divided by the root of the rank, not by the rank.</param>
internal sealed class PeftNote(double alpha, bool isRankStabilized)
{
    private const string HeaderKey = "lora_adapter_metadata";
    private const string ConfigFile = "adapter_config.json";
    private const long MostBytes = 1 << 20;
    private const string WeightsFile = "adapter_model.safetensors";

    /// <summary>What a rank's change is multiplied by.</summary>
    public double ScaleOf(long rank) => alpha / (isRankStabilized ? Math.Sqrt(rank) : rank);

    /// <summary>What is noted of a file; null for nothing.</summary>
    /// <exception cref="CheckpointException">It cannot be read, or asks for something that is not supported.</exception>
    public static PeftNote? Find(ICheckpoint file)
    {
        if (file.Metadata.TryGetValue(HeaderKey, out var header))
        {
            return Read(file.Path, header);
        }

        var config = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(file.Path))!, ConfigFile);
        return Path.GetFileName(file.Path) == WeightsFile && File.Exists(config) ? Read(config, ReadConfig(config)) : null;
    }

    private static string ReadConfig(string path)
    {
        try
        {
            return FileFacts.Of(path).Length <= MostBytes
                ? File.ReadAllText(path)
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
            if (all["alpha_pattern"].Any(pattern => pattern.EnumerateObject().Any()))
            {
                throw new CheckpointException(path, "its alpha_pattern gives layers scales of their own, which is not supported.");
            }

            var alphas = all["lora_alpha"].Select(value => value.GetDouble()).Distinct().ToList();
            var stabilized = all["use_rslora"].Select(value => value.GetBoolean()).Distinct().ToList();
            return alphas.Count > 1 || stabilized.Count > 1
                    ? throw new CheckpointException(path, "it gives the two experts different scales: save each in a file of its own.")
                : alphas is [var alpha] && double.IsFinite(alpha) ? new PeftNote(alpha, stabilized is [true])
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new CheckpointException(path, $"what it notes of the LoRA's scale cannot be read: {e.Message}", e);
        }
    }
}
