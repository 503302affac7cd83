using System.Globalization;
using WanSharp.Graphs.Networks;
using WanSharp.Tensors;

namespace WanSharp.Models.Decoders;

/// <summary>
/// Whose latents a file decodes, and at which scale. Its tensors do not say: those of taew2_1 (the transformer's latents, standardized),
/// lighttaew2_1 (the VAE's own) and HunyuanVideo's taehv have the same names and shapes. So a file says it in its metadata, or its name
/// is one of the published ones; anything else is refused, because the wrong one gives a wrong clip.
/// </summary>
/// <remarks>Sources: madebyollin/taehv:README.md ("TAEHV does not use any latent scales"), ModelTC/LightX2V:
/// lightx2v/models/video_encoders/hf/wan/vae_tiny.py (<c>need_scaled</c>, set for lighttae).</remarks>
internal static class LatentSpace
{
    private const string ScaleEntry = "latents";
    private const string MeanEntry = "latents_mean";
    private const string Standardized = "standardized";
    private const string Raw = "raw";
    private const float SameMean = 1e-3f;

    /// <summary>Refuses a network whose latents have other dimensions than a model's.</summary>
    /// <exception cref="CheckpointException">They have.</exception>
    public static void RequireFit(ICheckpoint file, VaeConfig config, WanModel model)
    {
        var own = model.Vae;
        if (
            (config.LatentChannels, config.SpatialStride, config.TemporalStride)
            != (own.LatentChannels, own.SpatialStride, own.TemporalStride)
        )
        {
            throw new CheckpointException(
                file.Path,
                $"it is made for latents of {Describe(config)}, and those of {model.Name} are {Describe(own)}: "
                    + $"take one for {(own.LatentChannels == VaeConfig.Wan22.LatentChannels ? "Wan 2.2's 5B model" : "this model")}."
            );
        }
    }

    /// <summary>The network with the statistics of the latents that it takes.</summary>
    /// <exception cref="CheckpointException">They are another model's, or cannot be told.</exception>
    public static VaeConfig Of(ICheckpoint file, VaeConfig config, WanModel model)
    {
        var own = model.Vae;
        RequireSpace(file, config, model);
        var isTiny = config.Kind == VaeKind.Tiny;
        return !isTiny || TakesRaw(file)
            ? config with
            {
                Mean = own.Mean,
                Std = own.Std,
            }
            : config with
            {
                Mean = new float[own.LatentChannels],
                Std = [.. Enumerable.Repeat(1f, own.LatentChannels)],
            };
    }

    private static void RequireSpace(ICheckpoint file, VaeConfig config, WanModel model)
    {
        var official = config.LatentChannels == VaeConfig.Wan22.LatentChannels ? VaeConfig.Wan22 : VaeConfig.Wan21;
        var mean = file.Metadata.TryGetValue(MeanEntry, out var said) ? Parse(file, said, config.LatentChannels) : official.Mean;
        if (mean.Count != model.Vae.Mean.Count || mean.Zip(model.Vae.Mean).Any(pair => Math.Abs(pair.First - pair.Second) > SameMean))
        {
            throw new CheckpointException(
                file.Path,
                said is null
                    ? $"it is made for {(official == VaeConfig.Wan22 ? "Wan 2.2's" : "Wan 2.1's")} latents, and {model.Name} has others "
                        + "(their means differ): leave --decoder out, or take one that was trained for this model."
                    : $"it was trained for the latents of another model than {model.Name} (their means differ): leave --decoder out, or "
                        + "take one that was trained for this model."
            );
        }
    }

    /// <summary>Whether a tiny autoencoder takes the VAE's own latents rather than the transformer's.</summary>
    private static bool TakesRaw(ICheckpoint file)
    {
        if (file.Metadata.TryGetValue(ScaleEntry, out var scale))
        {
            return scale switch
            {
                Standardized => false,
                Raw => true,
                _ => throw new CheckpointException(
                    file.Path,
                    $"its metadata entry \"{ScaleEntry}\" is {CheckpointException.Quote(scale)}, not {Standardized} or {Raw}."
                ),
            };
        }

        var name = Path.GetFileName(file.Path);
        return name.Contains("lighttaew", StringComparison.OrdinalIgnoreCase)
            || (
                name.Contains("taew", StringComparison.OrdinalIgnoreCase)
                    ? false
                    : throw new CheckpointException(
                        file.Path,
                        "a tiny autoencoder's scale and model cannot be told from its tensors, and its name is none of the published ones: "
                            + "give it its name back (taew2_1, lighttaew2_1, taew2_2, lighttaew2_2), with any ending."
                    )
            );
    }

    private static float[] Parse(ICheckpoint file, string text, int channels)
    {
        var parts = text.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries);
        var numbers = new float[parts.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            if (!float.TryParse(parts[i], NumberStyles.Float, CultureInfo.InvariantCulture, out numbers[i]))
            {
                throw new CheckpointException(file.Path, $"its metadata entry \"{MeanEntry}\" is not {channels} numbers.");
            }
        }

        return numbers;
    }

    private static string Describe(VaeConfig config) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{config.LatentChannels} channels at 1/{config.SpatialStride} of the size and 1/{config.TemporalStride} of the frames"
        );
}
