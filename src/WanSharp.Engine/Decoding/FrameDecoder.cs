using WanSharp.Media.Images;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Decoding;

/// <summary>Latents as pictures, one frame after another.</summary>
internal static class FrameDecoder
{
    /// <summary>
    /// Decodes a clip a step at a time: a latent frame, or a tile's part of one. Whole frames are in memory no longer than their
    /// step.
    /// </summary>
    /// <param name="vae">The network that decodes.</param>
    /// <param name="latents"><c>[1, channels, frames, height, width]</c>.</param>
    /// <param name="tiles">The tiles to decode in, or null; with tiles, the frames come with the last one.</param>
    /// <param name="cancellationToken">Stops within a step.</param>
    /// <returns>For each step the frames of video that are whole with it, as rgb24: none before the last tile.</returns>
    public static IEnumerable<IReadOnlyList<byte[]>> Decode(
        VaeRunner vae,
        Tensor latents,
        VaeTiling? tiles,
        CancellationToken cancellationToken
    ) =>
        tiles is null || tiles.Count(latents.Shape[3], latents.Shape[4]) == 1
            ? DecodeWhole(vae, latents, cancellationToken)
            : DecodeTiles(vae, latents, tiles, cancellationToken);

    private static IEnumerable<IReadOnlyList<byte[]>> DecodeWhole(VaeRunner vae, Tensor latents, CancellationToken cancellationToken)
    {
        foreach (var piece in vae.Decode(latents, cancellationToken)) // [1, 3, 1 or 4, height, width]
        {
            using (piece)
            {
                var dims = piece.Shape;
                var video = piece.Reshape([3, dims[2], dims[3], dims[4]]);
                var frames = new byte[dims[2]][];
                for (var frame = 0; frame < frames.Length; frame++)
                {
                    frames[frame] = new byte[checked((int)(3 * dims[3] * dims[4]))];
                    ImageTensors.ToRgb24(video, frame, frames[frame]);
                }

                yield return frames;
            }
        }
    }

    private static IEnumerable<IReadOnlyList<byte[]>> DecodeTiles(
        VaeRunner vae,
        Tensor latents,
        VaeTiling tiles,
        CancellationToken cancellationToken
    )
    {
        var mosaic = new TileMosaic(latents.Shape, vae.Config.FrameStride, vae.Config.TemporalStride);
        foreach (var tile in vae.DecodeTiles(latents, tiles, cancellationToken))
        {
            using (tile.Frames)
            {
                mosaic.Add(tile);
            }

            yield return tile.IsLast ? mosaic.Take(tile.LatentFrame) : [];
        }
    }
}
