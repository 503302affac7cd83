using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Features;

/// <summary>
/// A first image, or a first and a last one, as the channels that image-to-video models get in addition to the latents: a mask of
/// the frames that are given, then the latents of a clip that shows the first image, is grey, and ends with the last.
/// </summary>
/// <remarks>Source: wan/image2video.py of Wan-Video/Wan2.1 and Wan-Video/Wan2.2, and Wan-Video/Wan2.1:wan/first_last_frame2video.py,
/// <c>generate</c>: msk, y.</remarks>
/// <param name="vae">The model's VAE.</param>
/// <param name="tiles">The tiles to encode in, or null.</param>
internal sealed class ImageChannels(VaeRunner vae, VaeTiling? tiles = null)
{
    /// <summary>
    /// The channels for a clip, <c>[1, 4 + latent channels, latent frames, height / 8, width / 8]</c>; the caller disposes them.
    /// </summary>
    /// <param name="first">The first frame, <c>[3, height, width]</c> of the clip, −1 to 1.</param>
    /// <param name="last">The last frame; null when none is given.</param>
    /// <param name="latentFrames">The clip's latent frames.</param>
    /// <param name="cancellationToken">Stops between two operations.</param>
    public Tensor Encode(Tensor first, Tensor? last, int latentFrames, CancellationToken cancellationToken)
    {
        var masks = vae.Config.TemporalStride; // a mask channel for each frame of video in a latent frame
        var clip = new StillFrames(first, latentFrames, vae.Config.TemporalStride) { Last = last };
        using var latents = vae.Encode(clip, tiles, cancellationToken); // [1, latent channels, latent frames, height / 8, width / 8]
        var shape = latents.Shape;
        var channels = Tensor.Zeros(DType.F32, [1, masks + shape[1], shape[2], shape[3], shape[4]]);
        FillMask(channels, masks, hasLast: last is not null);
        latents.Read<float>().CopyTo(channels.Write<float>()[checked((int)(masks * shape[2] * shape[3] * shape[4]))..]);
        return channels;
    }

    /// <summary>
    /// Ones where a frame of video is given: all of the first latent frame, which is one frame of video, and the last of the last
    /// one.
    /// </summary>
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
}
