using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Tools.Selftest;

/// <summary>Compares a decoded clip with the original's.</summary>
internal static class ClipComparison
{
    /// <param name="name">The clip's name in the fixture.</param>
    /// <param name="vae">Decodes.</param>
    /// <param name="latents"><c>[1, channels, frames, height, width]</c>.</param>
    /// <param name="expected"><c>[3, frames, height, width]</c>.</param>
    /// <param name="limit">The largest absolute difference that passes.</param>
    /// <param name="cancellationToken">Stops between two operations.</param>
    public static Comparison Decoded(
        string name,
        VaeRunner vae,
        Tensor latents,
        Tensor expected,
        NumberLimit limit,
        CancellationToken cancellationToken
    )
    {
        var video = new float[expected.Shape.ElementCount]; // [3, frames, height, width]
        var (frames, area) = ((int)expected.Shape[1], (int)(expected.Shape[2] * expected.Shape[3]));
        var done = 0;
        foreach (var piece in vae.Decode(latents, cancellationToken)) // [1, 3, 1 or 4, height, width]
        {
            using (piece)
            {
                var count = (int)piece.Shape[2];
                for (var color = 0; color < 3; color++)
                {
                    piece.Read<float>().Slice(color * count * area, count * area).CopyTo(video.AsSpan(((color * frames) + done) * area));
                }

                done += count;
            }
        }

        return Comparison.Of(name, done == frames ? video : [], expected.Read<float>(), limit);
    }
}
