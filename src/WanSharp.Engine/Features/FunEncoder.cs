using WanSharp.Engine.Denoising;
using WanSharp.Graphs.Networks;
using WanSharp.Media.Images;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Features;

/// <summary>
/// What joins the latents of VideoX-Fun's models: the control's latents, a mask of the frames that are given, and the latents of these.
/// What is not given is zeros; a clip that shows some frames and is grey otherwise is encoded only where one is given. The reference's
/// latents are in the frame in front, in place of the control's.
/// </summary>
/// <remarks>
/// Sources: aigc-apps/VideoX-Fun:videox_fun/pipeline/pipeline_wan_fun_inpaint.py, pipeline_wan_fun_control.py, and those of wan2_2,
/// <c>__call__</c>. A control that ends before the clip: Comfy-Org/ComfyUI:comfy_extras/nodes_wan.py, <c>WanFunControlToVideo</c>.
/// </remarks>
/// <param name="vae">The model's VAE.</param>
/// <param name="model">The transformer.</param>
/// <param name="tiles">The tiles to encode in, or null.</param>
internal sealed class FunEncoder(VaeRunner vae, TransformerConfig model, VaeTiling? tiles = null)
{
    /// <summary>
    /// The channels, [1, in − out channels, references + latent frames, height, width of latents], and of a model whose given frames are
    /// clean the first one; the caller disposes them.
    /// </summary>
    /// <param name="frames">What the clip is made after.</param>
    /// <param name="cancellationToken">Stops between two operations.</param>
    public ImageConditions Encode(FunFrames frames, CancellationToken cancellationToken)
    {
        var (control, side, stride) = (frames.Control, vae.Config.SpatialStride, vae.Config.TemporalStride);
        var latentFrames = ((control.Count - 1) / stride) + 1;
        var channels = Empty(model, [frames.ReferenceFrames + latentFrames, control.Height / side, control.Width / side]);
        try
        {
            if (control.Filled > 0)
            {
                var known = new KnownFrames(control, ((control.Filled - 1) / stride) + 1, stride);
                using var latents = vae.Encode(known, tiles, cancellationToken);
                Put(latents, channels, 0, frames.ReferenceFrames);
            }

            if (control.References is [var picture])
            {
                using var pixels = ImageTensors.ToTensor(picture); // [3, height, width]
                using var latents = vae.Encode(new StillFrames(pixels, 1, stride), tiles, cancellationToken);
                Put(latents, channels, 0, 0);
            }

            var clean = new Dictionary<int, Tensor>();
            if (frames.First is { } first)
            {
                using var image = EncodeImages(first, frames.Last, latentFrames, cancellationToken);
                Put(image, channels, model.JoinsControl ? model.OutChannels : 0, frames.ReferenceFrames);
                if (model.TakesCleanFrames)
                {
                    clean.Add(frames.ReferenceFrames, FirstOf(image));
                }
            }

            return new ImageConditions { Channels = channels, Frames = new CleanFrames(clean) };
        }
        catch
        {
            channels.Dispose();
            throw;
        }
    }

    /// <summary>The channels of a clip for which nothing is given; the caller disposes them.</summary>
    /// <param name="model">The transformer.</param>
    /// <param name="positions">Latent frames, height and width.</param>
    public static Tensor Empty(TransformerConfig model, ReadOnlySpan<long> positions) =>
        Tensor.Zeros(DType.F32, [1, model.InChannels - model.OutChannels, .. positions]);

    /// <summary>A mask and latents of a clip that shows the images; or, without a mask, the latents of the first alone.</summary>
    private Tensor EncodeImages(Tensor first, Tensor? last, int latentFrames, CancellationToken cancellationToken) =>
        model.JoinsMask
            ? new ImageChannels(vae, tiles).Encode(first, last, latentFrames, cancellationToken)
            : vae.Encode(new StillFrames(first, 1, vae.Config.TemporalStride), tiles, cancellationToken);

    /// <summary>The latents of the first frame, [channels, height, width], which follow the mask.</summary>
    private Tensor FirstOf(Tensor image)
    {
        var (frames, area) = ((int)image.Shape[2], (int)(image.Shape[3] * image.Shape[4]));
        var first = Tensor.Zeros(DType.F32, [model.OutChannels, image.Shape[3], image.Shape[4]]);
        var mask = (int)image.Shape[1] - model.OutChannels;
        for (var channel = 0; channel < model.OutChannels; channel++)
        {
            image.Read<float>().Slice((mask + channel) * frames * area, area).CopyTo(first.Write<float>()[(channel * area)..]);
        }

        return first;
    }

    /// <summary>Copies some channels and frames into those of others.</summary>
    private static void Put(Tensor from, Tensor to, int channel, int frame)
    {
        var (count, frames, all) = ((int)from.Shape[1], (int)from.Shape[2], (int)to.Shape[2]);
        var area = checked((int)(to.Shape[3] * to.Shape[4]));
        for (var i = 0; i < count; i++)
        {
            from.Read<float>()
                .Slice(i * frames * area, frames * area)
                .CopyTo(to.Write<float>()[((((channel + i) * all) + frame) * area)..]);
        }
    }
}
