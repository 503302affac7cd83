using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Enhancing;

/// <summary>Frames of bytes as networks for pixels take them, 0 to 1, and back, as Real-ESRGAN rounds them.</summary>
internal static class RgbFrames
{
    private const int Colors = 3;

    /// <summary>An area of a frame; beyond the frame's edge its last pixels are repeated.</summary>
    /// <param name="frame">rgb24.</param>
    /// <param name="width">The frame's pixels across.</param>
    /// <param name="height">Its pixels down.</param>
    /// <param name="area">The area, which begins inside the frame.</param>
    /// <returns>F32 [1, 3, height, width] of the area; the caller disposes it.</returns>
    public static Tensor Cut(ReadOnlySpan<byte> frame, int width, int height, FrameArea area)
    {
        var tensor = Tensor.Zeros(DType.F32, [1, Colors, area.Height, area.Width]);
        var values = tensor.Write<float>();
        for (var y = 0; y < area.Height; y++)
        {
            var row = frame.Slice(Math.Min(area.Y + y, height - 1) * width * Colors, width * Colors);
            for (var color = 0; color < Colors; color++)
            {
                var target = values.Slice(((color * area.Height) + y) * area.Width, area.Width);
                for (var x = 0; x < target.Length; x++)
                {
                    target[x] = row[(Math.Min(area.X + x, width - 1) * Colors) + color] / 255f;
                }
            }
        }

        return tensor;
    }

    /// <summary>Planes of colours as bytes, without what lies beyond a width and a height.</summary>
    /// <param name="planes">[3, rows, columns], 0 to 1; what is beyond is clamped.</param>
    /// <param name="columns">Columns of a plane.</param>
    /// <param name="width">Pixels across that are wanted.</param>
    /// <param name="height">Pixels down that are wanted.</param>
    public static byte[] ToRgb24(ReadOnlySpan<float> planes, int columns, int width, int height)
    {
        var frame = new byte[checked(Colors * width * height)];
        var plane = planes.Length / Colors;
        for (var color = 0; color < Colors; color++)
        {
            for (var y = 0; y < height; y++)
            {
                var row = planes.Slice((color * plane) + (y * columns), width);
                var target = frame.AsSpan((y * width * Colors) + color);
                for (var x = 0; x < row.Length; x++)
                {
                    target[x * Colors] = (byte)MathF.Round(Math.Clamp(row[x], 0, 1) * 255);
                }
            }
        }

        return frame;
    }
}
