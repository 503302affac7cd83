using System.Globalization;
using System.Text.Json;
using WanSharp.Graphs.Networks;
using WanSharp.Tensors;

namespace WanSharp.Models.Detection;

/// <summary>
/// The mean and the standard deviation of each channel of a VAE's latents, which its tensors do not tell: from its header, then from the
/// <c>config.json</c> next to it, of a whole model or Diffusers', else Wan's own.
/// </summary>
/// <remarks>Source: huggingface/diffusers:models/autoencoders/autoencoder_kl_wan.py (<c>latents_mean</c>, <c>latents_std</c>).</remarks>
internal static class VaeStatistics
{
    private const string MeanEntry = "latents_mean";
    private const string StdEntry = "latents_std";
    private const string ClassEntry = "_class_name";
    private const string AnyClass = "Autoencoder";
    private const string OwnClass = "AutoencoderKLWan";
    private const int MaximumBytes = 1 << 20;

    /// <summary>The VAE with the statistics that are said of it.</summary>
    /// <exception cref="CheckpointException">They are no such numbers, or the description is another family's.</exception>
    public static VaeConfig Of(ICheckpoint weights, VaeConfig config)
    {
        var (mean, std) = (FromHeader(weights, MeanEntry), FromHeader(weights, StdEntry));
        if (mean is null && std is null)
        {
            (mean, std) = FromDescription(weights.Path);
        }

        foreach (var numbers in new[] { mean, std }.OfType<float[]>())
        {
            if (numbers.Length != config.LatentChannels || !numbers.All(float.IsFinite) || (numbers == std && numbers.Any(one => one <= 0)))
            {
                throw new CheckpointException(
                    weights.Path,
                    $"the mean and the deviation of its latents are {config.LatentChannels} numbers each, the deviations above 0, and "
                        + $"{numbers.Length} are said."
                );
            }
        }

        return config with
        {
            Mean = mean ?? config.Mean,
            Std = std ?? config.Std,
        };
    }

    private static float[]? FromHeader(ICheckpoint weights, string entry)
    {
        if (!weights.Metadata.TryGetValue(entry, out var text))
        {
            return null;
        }

        var parts = text.Split([' ', ',', '[', ']'], StringSplitOptions.RemoveEmptyEntries);
        return
        [
            .. parts.Select(part =>
                float.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : float.NaN
            ),
        ];
    }

    private static (float[]? Mean, float[]? Std) FromDescription(string path)
    {
        var source = ModelDescription.FileNextTo(path);
        if (!File.Exists(source))
        {
            return (null, null);
        }

        var config = JsonFile.Read(source, ModelJson.Default.JsonElement, MaximumBytes);
        if (config.ValueKind != JsonValueKind.Object)
        {
            return (null, null); // whoever needs it says so
        }

        if (ModelHints.SectionNaming(config, Path.GetFileName(path)) is { } section)
        {
            return (Numbers(section, "mean"), Numbers(section, "std"));
        }

        var name = config.TryGetProperty(ClassEntry, out var kind) && kind.ValueKind == JsonValueKind.String ? kind.GetString()! : "";
        if (!name.StartsWith(AnyClass, StringComparison.Ordinal))
        {
            return (null, null); // a transformer's, in a flat folder
        }

        return name == OwnClass
            ? (Numbers(config, MeanEntry), Numbers(config, StdEntry))
            : throw new CheckpointException(path, $"{source} says that it is a {name}, which is not Wan's VAE ({OwnClass}).");
    }

    private static float[]? Numbers(JsonElement section, string name) =>
        section.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array
            ? [.. list.EnumerateArray().Select(one => one.ValueKind == JsonValueKind.Number ? one.GetSingle() : float.NaN)]
            : null;
}
