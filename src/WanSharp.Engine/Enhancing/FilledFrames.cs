using WanSharp.Engine.Requests;
using WanSharp.Graphs.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Enhancing;

/// <summary>Frames filled up with black to the sides that RIFE takes, and cut out again.</summary>
internal static class FilledFrames
{
    private const int Colors = 3;

    /// <summary>A side that is filled up.</summary>
    public static int Side(int length) =>
        (length + InterpolatorConfig.Multiple - 1) / InterpolatorConfig.Multiple * InterpolatorConfig.Multiple;

    /// <summary>F32 [1, 3, height, width] with more rows below and columns to the right.</summary>
    /// <returns>A copy, which the caller disposes.</returns>
    public static Tensor Fill(Tensor frame, ClipSize size) => Copy(frame, size, size, new ClipSize(Side(size.Width), Side(size.Height)));

    /// <summary>The frame that was filled up.</summary>
    /// <returns>A copy, which the caller disposes.</returns>
    public static Tensor Cut(Tensor frame, ClipSize size) => Copy(frame, size, new ClipSize(Side(size.Width), Side(size.Height)), size);

    private static Tensor Copy(Tensor frame, ClipSize copied, ClipSize from, ClipSize to)
    {
        var result = Tensor.Zeros(DType.F32, [1, Colors, to.Height, to.Width]);
        var source = frame.Read<float>();
        var target = result.Write<float>();
        for (var color = 0; color < Colors; color++)
        {
            for (var y = 0; y < copied.Height; y++)
            {
                source
                    .Slice(((color * from.Height) + y) * from.Width, copied.Width)
                    .CopyTo(target.Slice(((color * to.Height) + y) * to.Width, copied.Width));
            }
        }

        return result;
    }
}
