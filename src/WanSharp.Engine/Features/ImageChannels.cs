using WanSharp.Media.Images;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Features;

/// <summary>
/// A first image, or a first and a last one, as the channels that image-to-video models get beside the latents: a mask of
/// the frames that are given, then the latents of a clip that shows the first image, is grey, and ends with the last.
/// </summary>
/// <remarks>Source: wan/image2video.py of Wan-Video/Wan2.1 and Wan-Video/Wan2.2, and Wan-Video/Wan2.1:wan/first_last_frame2video.py,
/// <c>generate</c>: msk, y.</remarks>
/// <param name="vae">The model's VAE.</param>
internal sealed class ImageChannels(VaeRunner vae)
{
    /// <summary>The channels for a clip, <c>[1, 4 + latent channels, latent frames, height / 8, width / 8]</c>; the caller disposes them.</summary>
    /// <param name="first">The first image, <c>[3, height, width]</c>, −1 to 1, of any size.</param>
    /// <param name="last">The last image; null when none is given.</param>
    /// <param name="width">The clip's pixels across.</param>
    /// <param name="height">The clip's pixels down.</param>
    /// <param name="latentFrames">The clip's latent frames.</param>
    /// <param name="cancellationToken">Stops between two operations.</param>
    public Tensor Encode(Tensor first, Tensor? last, int width, int height, int latentFrames, CancellationToken cancellationToken)
    {
        var stride = vae.Config.SpatialStride;
        var masks = vae.Config.TemporalStride; // a mask channel for each frame of video in a latent frame
        var channels = Tensor.Zeros(DType.F32, [1, masks + vae.Config.LatentChannels, latentFrames, height / stride, width / stride]);
        try
        {
            FillMask(channels, masks, hasLast: last is not null);
            var values = channels.Write<float>();
            var area = checked(height / stride * (width / stride));
            var frame = 0;
            foreach (var latents in vae.Encode(Clip(first, last, width, height, latentFrames), cancellationToken))
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

    /// <summary>Ones where a frame of video is given: all of the first latent frame, which is one frame of video, and the last of the last one.</summary>
    private static void FillMask(Tensor channels, int masks, bool hasLast)
    {
        var values = channels.Write<float>();
        var frames = (int)channels.Shape[2];
        var area = (int)(channels.Shape[3] * channels.Shape[4]);
        for (var mask = 0; mask < masks; mask++)
        {
            values.Slice(mask * frames * area, area).Fill(1);
        }

        if (hasLast)
        {
            values.Slice(((masks * frames) - 1) * area, area).Fill(1);
        }
    }

    /// <summary>The clip that the VAE encodes, a latent frame's frames of video at a time, <c>[1, 3, 1 or 4, height, width]</c>.</summary>
    private IEnumerable<Tensor> Clip(Tensor first, Tensor? last, int width, int height, int latentFrames)
    {
        var stride = vae.Config.TemporalStride;
        using (var still = ImageTensors.ResizeBicubic(first, width, height)) // [3, height, width]
        {
            yield return still.Reshape([1, 3, 1, height, width]);
        }

        using var grey = Tensor.Zeros(DType.F32, [1, 3, stride, height, width]);
        for (var frame = 1; frame < (last is null ? latentFrames : latentFrames - 1); frame++)
        {
            yield return grey;
        }

        if (last is not null)
        {
            using var still = ImageTensors.ResizeBicubic(last, width, height);
            var area = width * height;
            for (var color = 0; color < 3; color++) // its last frame of video
            {
                still.Read<float>().Slice(color * area, area).CopyTo(grey.Write<float>()[(((color * stride) + stride - 1) * area)..]);
            }

            yield return grey;
        }
    }
}
