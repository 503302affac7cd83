using WanSharp.Graphs.Networks;
using WanSharp.Tensors;

namespace WanSharp.Models.Detection;

/// <summary>Tells which VAE a checkpoint holds, and its architecture, from its tensors.</summary>
internal static class VaeDetection
{
    private const int MostLevels = 8;
    private const int MostResidualBlocks = 16;
    private const int WanColors = 3;

    /// <param name="weights">The tensors under their official names.</param>
    /// <exception cref="CheckpointException">It is a VAE of another kind, or the tensors contradict each other.</exception>
    public static VaeConfig Detect(ICheckpoint weights)
    {
        var isNested = weights.HasAny("encoder.downsamples.0.downsamples.");
        var official = isNested ? VaeConfig.Wan22 : VaeConfig.Wan21;
        var residual = Count(MostResidualBlocks, i => weights.Has($"{Layer(isNested, 0, i, i)}.residual.2.weight"));
        var levels = Count(MostLevels, level => weights.Has($"{Layer(isNested, level, 0, level * (residual + 1))}.residual.2.weight"));
        var channels = Enumerable
            .Range(0, levels)
            .Select(level => weights.LengthOf($"{Layer(isNested, level, 0, level * (residual + 1))}.residual.2.weight"))
            .ToList();
        var latents = weights.LengthOf("conv2.weight");
        if (latents != official.LatentChannels || levels < 2)
        {
            throw new CheckpointException(
                weights.Path,
                $"a VAE of {levels} levels and {latents} latent channels is none of Wan's, which have 16 (Wan 2.1) or 48 (Wan 2.2)."
            );
        }

        RequireColors(weights, "encoder.conv1.weight", dimension: 1, isNested);
        var isDoubled = !isNested && weights.ShapeOf("decoder.head.2.weight", 5)[0] == 4 * WanColors; // a head for twice the size
        if (!isDoubled)
        {
            RequireColors(weights, "decoder.head.2.weight", dimension: 0, isNested);
        }

        return Described.Valid(
            weights.Path,
            VaeStatistics.Of(weights, official) with
            {
                Dim = channels[0],
                DecoderDim = isNested ? weights.LengthOf("decoder.head.0.gamma") : null,
                DimMultipliers = [.. channels.Select(count => count / channels[0])],
                ResidualBlocks = residual,
                FrameScale = isDoubled ? 2 : 1,
                TemporalDownsample =
                [
                    .. Enumerable
                        .Range(0, levels - 1)
                        .Select(level =>
                            weights.Has($"{Layer(isNested, level, residual, (level * (residual + 1)) + residual)}.time_conv.weight")
                        ),
                ],
            },
            configuration => configuration.Validate()
        );
    }

    /// <summary>Pixels have three colors; Wan 2.2's VAE takes and gives squares of two pixels.</summary>
    private static void RequireColors(ICheckpoint weights, string name, int dimension, bool isNested)
    {
        var (channels, expected) = (weights.ShapeOf(name, 5)[dimension], isNested ? 4 * WanColors : WanColors);
        if (channels != expected)
        {
            throw new CheckpointException(
                weights.Path,
                name,
                $"the VAE {(dimension == 0 ? "gives" : "takes")} {channels} channels where Wan's has {expected}: it is made for "
                    + "pictures of another kind or size."
            );
        }
    }

    /// <summary>A layer of the encoder: by level and place in it for Wan 2.2, by its place among all for Wan 2.1.</summary>
    private static string Layer(bool isNested, int level, int place, int position) =>
        isNested ? $"encoder.downsamples.{level}.downsamples.{place}" : $"encoder.downsamples.{position}";

    private static int Count(int most, Func<int, bool> has)
    {
        var count = 0;
        while (count < most && has(count))
        {
            count++;
        }

        return count;
    }
}
