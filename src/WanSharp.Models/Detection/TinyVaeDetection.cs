using WanSharp.Graphs.Networks;
using WanSharp.Tensors;

namespace WanSharp.Models.Detection;

/// <summary>Tells the widths of a tiny autoencoder from its tensors.</summary>
/// <remarks>Source: madebyollin/taehv:taehv.py.</remarks>
internal static class TinyVaeDetection
{
    private const int Colors = 3;
    private const int Blocks = 3; // of each level
    private const int Widest = 1 << 12;

    // Of the decoder's layers by place: the first convolution, and those behind each enlargement, coarsest level first.
    private static readonly string[] Convolutions = ["decoder.1.weight", "decoder.8.weight", "decoder.14.weight", "decoder.20.weight"];

    /// <param name="weights">The tensors under their official names.</param>
    /// <exception cref="CheckpointException">The tensors contradict each other, or it is for other pixels.</exception>
    public static TinyVaeShape Detect(ICheckpoint weights)
    {
        int[] widths = [.. Convolutions.Select(name => weights.ShapeOf(name, 4)[0])];
        var latents = weights.ShapeOf(Convolutions[0], 4)[1];
        var (colors, hasEncoder) = (weights.LengthOf("decoder.22.weight"), weights.HasAny("encoder."));
        var patch = Patch(colors);
        if (patch == 0)
        {
            throw new CheckpointException(
                weights.Path,
                "decoder.22.weight",
                $"the tiny autoencoder gives {colors} channels where those for Wan give 3 (Wan 2.1) or 12 (Wan 2.2)."
            );
        }

        var encoder = hasEncoder ? weights.LengthOf("encoder.0.weight") : 1;
        if (widths.Append(latents).Append(encoder).Any(width => width > Widest))
        {
            throw new CheckpointException(weights.Path, $"a tiny autoencoder has at most {Widest} channels.");
        }

        return new TinyVaeShape(
            Described.Valid(
                weights.Path,
                new VaeConfig
                {
                    Kind = VaeKind.Tiny,
                    Patch = patch,
                    Dim = encoder,
                    DecoderDim = 1,
                    DimMultipliers = [.. widths.Reverse()],
                    ResidualBlocks = Blocks,
                    TemporalDownsample = [true, true, false],
                    LatentChannels = latents,
                    Mean = new float[latents],
                    Std = [.. Enumerable.Repeat(1f, latents)],
                    HasEncoder = hasEncoder,
                },
                configuration => configuration.Validate()
            )
        );
    }

    private static int Patch(int colors) =>
        colors switch
        {
            Colors => 1,
            4 * Colors => 2,
            _ => 0,
        };
}
