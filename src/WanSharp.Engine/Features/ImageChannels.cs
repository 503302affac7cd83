using WanSharp.Engine.Images;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Features;

/// <summary>
/// A first image as the channels that image-to-video models get beside the latents: a mask of the frames that are given,
/// then the latents of a clip that shows the image and goes grey.
/// </summary>
/// <remarks>Source: Wan-Video/Wan2.1:wan/image2video.py and Wan-Video/Wan2.2:wan/image2video.py, <c>generate</c>: msk, y.</remarks>
/// <param name="vae">The model's VAE.</param>
internal sealed class ImageChannels(VaeRunner vae)
{
    /// <summary>The channels for a clip, <c>[1, 4 + latent channels, latent frames, height / 8, width / 8]</c>; the caller disposes them.</summary>
    /// <param name="image">The image, <c>[3, height, width]</c>, −1 to 1, of any size.</param>
    /// <param name="width">The clip's pixels across.</param>
    /// <param name="height">The clip's pixels down.</param>
    /// <param name="latentFrames">The clip's latent frames.</param>
    /// <param name="cancellationToken">Stops between two operations.</param>
    public Tensor Encode(Tensor image, int width, int height, int latentFrames, CancellationToken cancellationToken)
    {
        var stride = vae.Config.SpatialStride;
        var masks = vae.Config.TemporalStride; // a mask channel for each frame of video in a latent frame
        var channels = Tensor.Zeros(DType.F32, [1, masks + vae.Config.LatentChannels, latentFrames, height / stride, width / stride]);
        try
        {
            var values = channels.Write<float>();
            var area = checked(height / stride * (width / stride));
            for (var mask = 0; mask < masks; mask++)
            {
                values.Slice(mask * latentFrames * area, area).Fill(1);
            }

            using var first = ImageTensors.ResizeBicubic(image, width, height); // [3, height, width]
            using var grey = Tensor.Zeros(DType.F32, [1, 3, masks, height, width]);
            var frame = 0;
            foreach (var latents in vae.Encode(Enumerable.Repeat(grey, latentFrames - 1).Prepend(first.Reshape([1, 3, 1, height, width])), cancellationToken))
            {
                using (latents) // [1, latent channels, 1, height / 8, width / 8]
                {
                    for (var channel = 0; channel < vae.Config.LatentChannels; channel++)
                    {
                        latents.Read<float>().Slice(channel * area, area).CopyTo(values[((((masks + channel) * latentFrames) + frame) * area)..]);
                    }
                }

                frame++;
            }

            return channels;
        }
        catch
        {
            channels.Dispose();
            throw;
        }
    }
}
