using System.Globalization;
using System.Text.Json;
using WanSharp.Graphs.Networks;
using WanSharp.Tensors;

namespace WanSharp.Models.Detection;

/// <summary>
/// Mean and standard deviation of a VAE's latents, which its tensors do not tell: those that its header states, or else the description
/// that is next to it and of it, or else the published ones.
/// </summary>
internal static class VaeStatistics
{
    private const string Mean = "latents_mean";
    private const string Std = "latents_std";
    private const float SameMean = 1e-3f;

    /// <summary>A VAE with the statistics of its own latents.</summary>
    /// <param name="file">Its file.</param>
    /// <param name="config">The VAE, with the published statistics.</param>
    /// <exception cref="CheckpointException">Only one of the two is stated, or it is not what the VAE has.</exception>
    public static VaeConfig Of(ICheckpoint file, VaeConfig config)
    {
        var (source, mean, std) = InHeader(file);
        if (mean is null && std is null)
        {
            (source, mean, std) = InDescription(file.Path);
        }

        if (std is null && mean is not null && IsPublished(mean, config))
        {
            return config;
        }

        return (mean, std) switch
        {
            (null, null) => config,
            ({ } means, { } deviations) => Described.Valid(source, config with { Mean = means, Std = deviations }, vae => vae.Validate()),
            _ => throw new CheckpointException(
                source,
                $"it states the {(mean is null ? "standard deviation" : "mean")} of the VAE's latents without the other: which latents "
                    + $"{file.Path} makes is not known."
            ),
        };
    }

    private static bool IsPublished(float[] mean, VaeConfig config) =>
        mean.Length == config.Mean.Count && mean.Zip(config.Mean).All(pair => Math.Abs(pair.First - pair.Second) <= SameMean);

    private static (string Source, float[]? Mean, float[]? Std) InHeader(ICheckpoint file)
    {
        return (file.Path, Numbers(Mean), Numbers(Std));

        float[]? Numbers(string name) =>
            !file.Metadata.TryGetValue(name, out var text)
                ? null
                :
                [
                    .. text.Split([' ', ',', '[', ']'], StringSplitOptions.RemoveEmptyEntries)
                        .Select(part =>
                            float.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
                                ? number
                                : throw new CheckpointException(file.Path, $"its metadata entry \"{name}\" is not numbers.")
                        ),
                ];
    }

    /// <summary>A description of ours calls them mean and std, Diffusers' as the header does.</summary>
    private static (string Source, float[]? Mean, float[]? Std) InDescription(string path)
    {
        var source = ModelDescription.FileNextTo(path);
        var (isModel, section) = ModelHints.SectionNextTo(path);
        return (source, Numbers(isModel ? "mean" : Mean), Numbers(isModel ? "std" : Std));

        float[]? Numbers(string name)
        {
            var value = section.Find(property => property.NameEquals(name)).Value;
            return value.ValueKind switch
            {
                JsonValueKind.Undefined or JsonValueKind.Null => null,
                JsonValueKind.Array when value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.Number) =>
                [
                    .. value.EnumerateArray().Select(item => item.GetSingle()),
                ],
                _ => throw new CheckpointException(source, $"its \"{name}\" is not a list of numbers."),
            };
        }
    }
}
