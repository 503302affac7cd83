using WanSharp.Tensors;

namespace WanSharp.Media.Images;

/// <summary>
/// From pictures to what networks take, and back, as the official pipelines do. Thread-safe; results belong to the caller.
/// </summary>
public static class ImageTensors
{
    /// <summary>Cubic convolution's parameter in PyTorch.</summary>
    private const float CubicA = -0.75f;

    /// <summary>
    /// Scales an image to cover a size (Lanczos) and cuts the middle out. From Wan-Video/Wan2.2:wan/textimage2video.py.
    /// </summary>
    /// <param name="image">Any image.</param>
    /// <param name="width">The width wanted.</param>
    /// <param name="height">The height wanted.</param>
    public static RgbImage Cover(RgbImage image, int width, int height)
    {
        ArgumentNullException.ThrowIfNull(image);
        var scale = Math.Max((double)width / image.Width, (double)height / image.Height);
        var (coveringWidth, coveringHeight) = ((int)Math.Round(image.Width * scale), (int)Math.Round(image.Height * scale));
        return LanczosResizer.Resize(image, coveringWidth, coveringHeight).CropCentre(width, height);
    }

    /// <summary>Scales an image to a size (Lanczos, as Pillow does).</summary>
    /// <param name="image">Any image.</param>
    /// <param name="width">The width wanted.</param>
    /// <param name="height">The height wanted.</param>
    public static RgbImage Resize(RgbImage image, int width, int height)
    {
        ArgumentNullException.ThrowIfNull(image);
        return LanczosResizer.Resize(image, width, height);
    }

    /// <summary>The image as a network takes it: [3, height, width], −1 to 1.</summary>
    public static Tensor ToTensor(RgbImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        var tensor = Tensor.Zeros(DType.F32, [3, image.Height, image.Width]);
        var values = tensor.Write<float>();
        var area = image.Width * image.Height;
        for (var pixel = 0; pixel < area; pixel++)
        {
            for (var channel = 0; channel < 3; channel++)
            {
                values[(channel * area) + pixel] = ((image.Pixels[(pixel * 3) + channel] / 255f) - 0.5f) / 0.5f;
            }
        }

        return tensor;
    }

    /// <summary>
    /// Scales a tensor [channels, height, width] by cubic convolution without antialiasing, as PyTorch's <c>interpolate</c>
    /// does with <c>align_corners=False</c>: what the image-to-video models were given.
    /// </summary>
    public static Tensor ResizeBicubic(Tensor image, int width, int height)
    {
        ArgumentNullException.ThrowIfNull(image);
        var (channels, oldHeight, oldWidth) = ((int)image.Shape[0], (int)image.Shape[1], (int)image.Shape[2]);
        var (columns, rows) = (CubicTaps(oldWidth, width), CubicTaps(oldHeight, height));
        var source = image.Read<float>();
        var tensor = Tensor.Zeros(DType.F32, [channels, height, width]);
        var values = tensor.Write<float>();
        var at = 0;
        for (var channel = 0; channel < channels; channel++)
        {
            var plane = source.Slice(channel * oldHeight * oldWidth, oldHeight * oldWidth);
            foreach (var (rowIndices, rowWeights) in rows)
            {
                foreach (var (columnIndices, columnWeights) in columns)
                {
                    var sum = 0f;
                    for (var i = 0; i < 4; i++)
                    {
                        var row = plane.Slice(rowIndices[i] * oldWidth, oldWidth);
                        sum +=
                            rowWeights[i]
                            * (
                                (row[columnIndices[0]] * columnWeights[0])
                                + (row[columnIndices[1]] * columnWeights[1])
                                + (row[columnIndices[2]] * columnWeights[2])
                                + (row[columnIndices[3]] * columnWeights[3])
                            );
                    }

                    values[at++] = sum;
                }
            }
        }

        return tensor;
    }

    /// <summary>
    /// One frame of a decoded clip as bytes: clamped to −1..1, scaled to 0..255 and truncated, as in
    /// Wan-Video/Wan2.2:wan/utils/utils.py, <c>save_video</c>.
    /// </summary>
    /// <param name="video">A part of a clip: [3, frames, height, width].</param>
    /// <param name="frame">Which of its frames.</param>
    /// <param name="rgb">Gets red, green and blue of each pixel, row by row: 3 · height · width bytes.</param>
    public static void ToRgb24(Tensor video, int frame, Span<byte> rgb)
    {
        ArgumentNullException.ThrowIfNull(video);
        var (frames, area) = ((int)video.Shape[1], (int)(video.Shape[2] * video.Shape[3]));
        ArgumentOutOfRangeException.ThrowIfNegative(frame);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(frame, frames);
        ArgumentOutOfRangeException.ThrowIfNotEqual(rgb.Length, area * 3);
        var values = video.Read<float>();
        for (var channel = 0; channel < 3; channel++)
        {
            ToRgb24(values.Slice(((channel * frames) + frame) * area, area), rgb[channel..]);
        }
    }

    /// <summary>One colour of some pixels as bytes, by the same rule.</summary>
    /// <param name="values">−1 to 1.</param>
    /// <param name="rgb">From the first pixel's byte of this colour on; every third byte is written.</param>
    public static void ToRgb24(ReadOnlySpan<float> values, Span<byte> rgb)
    {
        for (var pixel = 0; pixel < values.Length; pixel++)
        {
            rgb[pixel * 3] = (byte)((Math.Clamp(values[pixel], -1f, 1f) + 1f) / 2f * 255f);
        }
    }

    private static (int[] Indices, float[] Weights)[] CubicTaps(int size, int newSize)
    {
        double scale = (float)size / newSize; // rounded as PyTorch rounds it; positions are not
        var taps = new (int[], float[])[newSize];
        for (var i = 0; i < newSize; i++)
        {
            var position = (scale * (i + 0.5)) - 0.5;
            var first = (int)Math.Floor(position);
            var t = (float)(position - first);
            taps[i] = (
                [.. Enumerable.Range(first - 1, 4).Select(index => Math.Clamp(index, 0, size - 1))],
                [Far(t + 1), Near(t), Near(1 - t), Far(2 - t)]
            );
        }

        return taps;

        static float Near(float x) => ((((CubicA + 2) * x) - (CubicA + 3)) * x * x) + 1;
        static float Far(float x) => (((((CubicA * x) - (5 * CubicA)) * x) + (8 * CubicA)) * x) - (4 * CubicA);
    }
}
