using System.Globalization;
using WanSharp.Graphs.Networks;
using WanSharp.Models.Text;
using WanSharp.Tensors;

namespace WanSharp.Models;

/// <summary>Checks that the networks of a description can work together, before anything is built from its numbers.</summary>
internal static class NetworkFit
{
    // Far beyond any published model; a description that exceeds them would keep the graph builder busy for ever.
    private const int MostResidualBlocks = 16;
    private const int MostVaeChannels = 1 << 14;
    private const int MostPadding = 1 << 10;

    /// <summary>Checks a model's networks.</summary>
    /// <exception cref="CheckpointException">They cannot.</exception>
    public static void Require(ModelParts parts)
    {
        var (transformer, textEncoder, vae) = (parts.Transformer, parts.TextEncoder, parts.Vae);
        var imageChannels = transformer.ModelType is ModelType.ImageToVideo or ModelType.FirstLastFrameToVideo
            ? vae.TemporalStride + vae.LatentChannels
            : 0;
        Check(
            (transformer.ModelType == ModelType.Fun || transformer.InChannels == vae.LatentChannels + imageChannels)
                && transformer.OutChannels == vae.LatentChannels,
            $"the transformer takes {transformer.InChannels} channels and gives {transformer.OutChannels}, but the VAE's latents "
                + $"have {vae.LatentChannels}{(imageChannels > 0 ? $", an image's {imageChannels}" : "")}."
        );
        Check(
            transformer.ModelType != ModelType.Fun || Fits(transformer, vae),
            $"the transformer's masks and cameras are of {TransformerConfig.CameraFrames} frames and of "
                + $"{transformer.CameraStride ?? vae.SpatialStride} pixels, and the VAE's latents of {vae.TemporalStride} and "
                + $"{vae.SpatialStride}: they belong to different models."
        );
        Check(
            transformer.ControlChannels is not { } control
                || (
                    transformer.ModelType == ModelType.TextToVideo
                    && control == (2 * vae.LatentChannels) + (vae.SpatialStride * vae.SpatialStride)
                ),
            $"the transformer follows a control of {transformer.ControlChannels} channels; one that makes videos from text follows "
                + $"{(2 * vae.LatentChannels) + (vae.SpatialStride * vae.SpatialStride)} with this VAE, and no other kind is supported."
        );
        Check(
            transformer.VisionDim == parts.VisionEncoder?.Configuration.Dim,
            $"the transformer takes CLIP features of width {transformer.VisionDim?.ToString(CultureInfo.InvariantCulture) ?? "none"}, "
                + $"but the image encoder gives {parts.VisionEncoder?.Configuration.Dim.ToString(CultureInfo.InvariantCulture) ?? "none"}."
        );
        Check(
            transformer.ModelType != ModelType.FirstLastFrameToVideo
                || parts.VisionEncoder?.Configuration.Tokens * 2 == TransformerConfig.TwoImagesTokens,
            $"the transformer learned positions for the {TransformerConfig.TwoImagesTokens} rows of two images, but the image "
                + $"encoder gives {parts.VisionEncoder?.Configuration.Tokens} for one."
        );
        Check(
            transformer.TextDim == textEncoder.Dim,
            $"the transformer takes text of width {transformer.TextDim}, but the text encoder gives {textEncoder.Dim}."
        );
        Check(
            vae.ResidualBlocks <= MostResidualBlocks && vae.DimMultipliers.All(multiplier => (long)multiplier * vae.Dim <= MostVaeChannels),
            $"a VAE has at most {MostResidualBlocks} residual blocks a level and {MostVaeChannels} channels."
        );
        Check(
            transformer.PatchSize.Frames == 1 && IsStride(vae, transformer.PatchSize.Width) && IsStride(vae, transformer.PatchSize.Height),
            $"patches of {transformer.PatchSize} are not one latent frame deep, or no even number of pixels "
                + $"up to {ModelLimits.MaximumSide} wide and high."
        );

        void Check(bool holds, string otherwise)
        {
            if (!holds)
            {
                throw new CheckpointException(parts.Source, otherwise);
            }
        }
    }

    /// <summary>
    /// Checks that a tokenizer belongs to a text encoder: that its vocabulary is the encoder's, which may be padded (umT5's 256,300
    /// pieces to 256,384; T5 has 32,100, mT5 250,100).
    /// </summary>
    /// <exception cref="CheckpointException">It does not.</exception>
    public static void Require(string source, SentencePieceTokenizer tokenizer, Umt5Config textEncoder)
    {
        if (textEncoder.Vocabulary - tokenizer.VocabularySize is < 0 or > MostPadding)
        {
            throw new CheckpointException(
                source,
                $"the tokenizer has {tokenizer.VocabularySize} pieces, but the text encoder knows "
                    + $"{textEncoder.Vocabulary}: it belongs to another model."
            );
        }
    }

    /// <summary>Whether masks have a channel for each frame of a latent frame, and cameras the pixels of a latent position.</summary>
    private static bool Fits(TransformerConfig fun, VaeConfig vae) =>
        vae.TemporalStride == TransformerConfig.CameraFrames && (fun.CameraStride ?? vae.SpatialStride) == vae.SpatialStride;

    private static bool IsStride(VaeConfig vae, int patch) =>
        (long)vae.SpatialStride * patch is var stride && stride <= ModelLimits.MaximumSide && stride % 2 == 0;
}
