using WanSharp.Engine.Planning;
using WanSharp.Media.Images;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Features;

/// <summary>An image as the latents of the frame that it gives.</summary>
/// <param name="vae">The model's VAE.</param>
/// <param name="tiles">The tiles to encode in, or null.</param>
internal sealed class FrameEncoder(VaeRunner vae, VaeTiling? tiles = null)
{
    /// <summary>The latents of one frame, <c>[channels, height / stride, width / stride]</c>; the caller disposes them.</summary>
    /// <param name="image">The image, scaled and cropped to the clip's size.</param>
    /// <param name="width">The clip's pixels across.</param>
    /// <param name="height">The clip's pixels down.</param>
    /// <param name="latentFrame">Where it goes.</param>
    /// <param name="cancellationToken">Stops between two operations.</param>
    public Tensor Encode(RgbImage image, int width, int height, int latentFrame, CancellationToken cancellationToken)
    {
        using var frame = ImageTensors.ToTensor(ImageTensors.Cover(image, width, height)); // [3, height, width]
        var still = new StillFrames(frame, GivenImages.StepsFor(latentFrame), vae.Config.TemporalStride) { Stays = true };
        using var latents = vae.Encode(still, tiles, cancellationToken); // [1, channels, 1 or 2, height / stride, width / stride]
        return LastFrame(latents);
    }

    private static Tensor LastFrame(Tensor latents)
    {
        var (channels, frames) = ((int)latents.Shape[1], (int)latents.Shape[2]);
        var last = Tensor.Zeros(DType.F32, [channels, latents.Shape[3], latents.Shape[4]]);
        var area = checked((int)(latents.Shape[3] * latents.Shape[4]));
        var from = latents.Read<float>();
        var to = last.Write<float>();
        for (var channel = 0; channel < channels; channel++)
        {
            from.Slice(((channel * frames) + frames - 1) * area, area).CopyTo(to[(channel * area)..]);
        }

        return last;
    }
}
