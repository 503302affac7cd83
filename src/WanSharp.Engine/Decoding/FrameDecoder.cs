using WanSharp.Engine.Images;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Decoding;

/// <summary>Latents as pictures, one frame after another.</summary>
internal static class FrameDecoder
{
    /// <summary>Decodes a clip a latent frame at a time; no more than that is in memory.</summary>
    /// <param name="vae">The model's VAE.</param>
    /// <param name="latents"><c>[1, channels, frames, height, width]</c>.</param>
    /// <param name="cancellationToken">Stops within a latent frame.</param>
    /// <returns>Frames as rgb24, each valid until the next is asked for.</returns>
    public static IEnumerable<ReadOnlyMemory<byte>> Decode(VaeRunner vae, Tensor latents, CancellationToken cancellationToken)
    {
        byte[] rgb = [];
        foreach (var piece in vae.Decode(latents, cancellationToken)) // [1, 3, 1 or 4, height, width]
        {
            using (piece)
            {
                var dims = piece.Shape;
                var video = piece.Reshape([3, dims[2], dims[3], dims[4]]);
                Array.Resize(ref rgb, checked((int)(3 * dims[3] * dims[4])));
                for (var frame = 0; frame < dims[2]; frame++)
                {
                    ImageTensors.ToRgb24(video, frame, rgb);
                    yield return rgb;
                }
            }
        }
    }
}
