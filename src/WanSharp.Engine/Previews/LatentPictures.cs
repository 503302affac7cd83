using WanSharp.Media.Images;
using WanSharp.Models;
using WanSharp.Tensors;

namespace WanSharp.Engine.Previews;

/// <summary>Latents as pictures of a pixel for each position, by a linear map: a few operations for each of their numbers.</summary>
internal static class LatentPictures
{
    /// <param name="colors">The map.</param>
    /// <param name="latents"><c>[1, channels, frames, height, width]</c>, standardized.</param>
    public static PreviewPictures Of(LatentColors colors, Tensor latents)
    {
        var (channels, frames) = ((int)latents.Shape[1], (int)latents.Shape[2]);
        var (height, width) = ((int)latents.Shape[3], (int)latents.Shape[4]);
        var area = height * width;
        var values = latents.Read<float>();
        var planes = new float[LatentColors.Colors * frames * area]; // [3, frames, height, width]
        for (var color = 0; color < LatentColors.Colors; color++)
        {
            var plane = planes.AsSpan(color * frames * area, frames * area);
            plane.Fill(colors.Bias[color]);
            for (var channel = 0; channel < channels; channel++)
            {
                var factor = colors.Factors[(channel * LatentColors.Colors) + color];
                System.Numerics.Tensors.TensorPrimitives.MultiplyAdd(
                    values.Slice(channel * frames * area, frames * area),
                    factor,
                    plane,
                    plane
                );
            }
        }

        using var video = Tensor.CopyOf<float>([LatentColors.Colors, frames, height, width], planes);
        var pictures = new byte[frames][];
        for (var frame = 0; frame < frames; frame++)
        {
            pictures[frame] = new byte[LatentColors.Colors * area];
            ImageTensors.ToRgb24(video, frame, pictures[frame]);
        }

        return new PreviewPictures(width, height, pictures);
    }
}
