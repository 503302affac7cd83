using WanSharp.Media.Images;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Decoding;

/// <summary>Latents as pictures, one frame after another.</summary>
internal static class FrameDecoder
{
    /// <summary>Decodes a clip a latent frame at a time; no more than that is in memory.</summary>
    /// <param name="vae">The model's VAE.</param>
    /// <param name="latents"><c>[1, channels, frames, height, width]</c>.</param>
    /// <param name="tiles">The tiles to decode in, or null; with tiles, the frames come with the last one.</param>
    /// <param name="cancellationToken">Stops within a latent frame.</param>
    /// <returns>For each latent frame its frames of video, as rgb24.</returns>
    public static IEnumerable<IReadOnlyList<byte[]>> Decode(VaeRunner vae, Tensor latents, VaeTiling? tiles, CancellationToken cancellationToken)
    {
        foreach (var piece in vae.Decode(latents, tiles, cancellationToken)) // [1, 3, 1 or 4, height, width]
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
}
