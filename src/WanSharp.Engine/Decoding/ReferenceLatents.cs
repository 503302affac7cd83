using WanSharp.Tensors;

namespace WanSharp.Engine.Decoding;

/// <summary>The latent frames in front of a clip's that show reference pictures: steps see them, and decoders do not.</summary>
internal static class ReferenceLatents
{
    /// <summary>A copy of latents without them; the caller disposes it.</summary>
    /// <param name="latents"><c>[1, channels, frames, height, width]</c>; stays the caller's.</param>
    /// <param name="count">How many there are.</param>
    public static Tensor Without(Tensor latents, int count)
    {
        var shape = latents.Shape;
        var (channels, frames) = ((int)shape[1], (int)shape[2]);
        var area = checked((int)(shape[3] * shape[4]));
        var clip = Tensor.Zeros(DType.F32, [1, channels, frames - count, shape[3], shape[4]]);
        var from = latents.Read<float>();
        var to = clip.Write<float>();
        for (var channel = 0; channel < channels; channel++)
        {
            from.Slice(((channel * frames) + count) * area, (frames - count) * area).CopyTo(to[(channel * (frames - count) * area)..]);
        }

        return clip;
    }
}
