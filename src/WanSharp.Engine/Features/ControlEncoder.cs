using WanSharp.Media.Images;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Features;

/// <summary>
/// A control as the network takes it: latents of what is kept, latents of what is made anew, and the mask, of which a latent position has
/// as many channels as pixels. Reference pictures come first, each as a latent frame that is kept.
/// </summary>
/// <remarks>Source: Wan-Video/Wan2.1:wan/vace.py, <c>vace_encode_frames</c>, <c>vace_encode_masks</c>, <c>vace_latent</c>.</remarks>
/// <param name="vae">The model's VAE.</param>
/// <param name="tiles">The tiles to encode in, or null.</param>
internal sealed class ControlEncoder(VaeRunner vae, VaeTiling? tiles = null)
{
    /// <summary>
    /// The channels for a clip, <c>[1, 2 · latent channels + 64, references + latent frames, height / 8, width / 8]</c>; the caller
    /// disposes them.
    /// </summary>
    /// <param name="frames">The control.</param>
    /// <param name="cancellationToken">Stops between two operations.</param>
    public Tensor Encode(ControlFrames frames, CancellationToken cancellationToken)
    {
        var (stride, side) = (vae.Config.TemporalStride, vae.Config.SpatialStride);
        using var kept = vae.Encode(new MaskedFrames(frames, stride, isMade: false), tiles, cancellationToken);
        using var made = frames.IsEmpty ? null : vae.Encode(new MaskedFrames(frames, stride, isMade: true), tiles, cancellationToken);
        var latents = kept.Shape; // [1, latent channels, latent frames, height / 8, width / 8]
        var (channels, references) = ((int)latents[1], frames.References.Count);
        var control = Tensor.Zeros(DType.F32, [1, (2 * channels) + (side * side), references + latents[2], latents[3], latents[4]]);
        try
        {
            Put(kept, control, 0, references);
            Put(made ?? kept, control, channels, references); // all grey: the same clip
            for (var i = 0; i < references; i++)
            {
                using var pixels = ImageTensors.ToTensor(frames.References[i]); // [3, height, width]
                using var picture = vae.Encode(new StillFrames(pixels, 1, stride), tiles, cancellationToken);
                Put(picture, control, 0, i); // nothing of it is made anew, and its mask is empty
            }

            PutMask(frames, control, 2 * channels, side);
            return control;
        }
        catch
        {
            control.Dispose();
            throw;
        }
    }

    /// <summary>Copies latents into some of the channels and frames of others.</summary>
    private static void Put(Tensor latents, Tensor control, int channel, int frame)
    {
        var (count, frames) = ((int)latents.Shape[1], (int)latents.Shape[2]);
        var area = checked((int)(latents.Shape[3] * latents.Shape[4]));
        var from = latents.Read<float>();
        var to = control.Write<float>();
        var all = (int)control.Shape[2];
        for (var i = 0; i < count; i++)
        {
            from.Slice(i * frames * area, frames * area).CopyTo(to[((((channel + i) * all) + frame) * area)..]);
        }
    }

    /// <summary>
    /// The mask's pixels as channels, 8 × 8 to a latent position. A latent frame has the mask of the frame of video in the middle of its
    /// share of the clip, as PyTorch's <c>nearest-exact</c> chooses it. Grey stays grey: only the pictures are divided at a half.
    /// </summary>
    private static void PutMask(ControlFrames frames, Tensor control, int channel, int side)
    {
        var (all, height, width) = ((int)control.Shape[2], (int)control.Shape[3], (int)control.Shape[4]);
        var references = frames.References.Count;
        var latentFrames = all - references;
        var values = control.Write<float>();
        for (var frame = 0; frame < latentFrames; frame++)
        {
            var shown = (int)Math.Floor((frame + 0.5) * frames.Count / latentFrames); // never a tie: 4n + 1 of n + 1
            var mask = frames.MaskOf(Math.Min(shown, frames.Count - 1));
            for (var pixel = 0; pixel < side * side; pixel++)
            {
                var plane = values.Slice(((((channel + pixel) * all) + references + frame) * height) * width, height * width);
                if (mask is null)
                {
                    plane.Fill(1);
                    continue;
                }

                for (var y = 0; y < height; y++)
                {
                    for (var x = 0; x < width; x++)
                    {
                        var at = (((y * side) + (pixel / side)) * frames.Width) + (x * side) + (pixel % side);
                        plane[(y * width) + x] = mask[at] / (float)ControlFrames.Made;
                    }
                }
            }
        }
    }
}
