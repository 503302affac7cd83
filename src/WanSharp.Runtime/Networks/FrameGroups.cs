using WanSharp.Tensors;

namespace WanSharp.Runtime.Networks;

/// <summary>
/// A clip's frames in groups of equal length, as tiny autoencoders take them: the first of them is not alone, and the clip's last
/// frame fills the last group up.
/// </summary>
/// <remarks>Source: madebyollin/taehv:taehv.py (<c>encode_video</c>).</remarks>
internal static class FrameGroups
{
    /// <param name="pieces">The clip in pieces F32 [batch, 3, frames, height, width], each valid until the next.</param>
    /// <param name="count">Frames of a group.</param>
    /// <returns>Groups F32 [batch, 3, <paramref name="count"/>, height, width], each valid until the next.</returns>
    public static IEnumerable<Tensor> Of(IEnumerable<Tensor> pieces, int count)
    {
        Tensor? group = null;
        var filled = 0;
        try
        {
            foreach (var piece in pieces)
            {
                if (piece.DType != DType.F32 || piece.Shape.Rank != 5 || piece.Shape.ElementCount == 0)
                {
                    throw new ArgumentException(
                        $"A piece of a clip is F32 [batch, 3, frames, height, width], not {piece.DType} {piece.Shape}.",
                        nameof(pieces)
                    );
                }

                for (var frame = 0; frame < piece.Shape[2]; frame++)
                {
                    group ??= Tensor.Zeros(DType.F32, [piece.Shape[0], piece.Shape[1], count, piece.Shape[3], piece.Shape[4]]);
                    RequireSize(piece, group);
                    Copy(piece, frame, group, filled++);
                    if (filled == count)
                    {
                        yield return group;
                        filled = 0;
                    }
                }
            }

            if (group is not null && filled > 0)
            {
                for (var missing = filled; missing < count; missing++)
                {
                    Copy(group, filled - 1, group, missing);
                }

                yield return group;
            }
        }
        finally
        {
            group?.Dispose();
        }
    }

    private static void RequireSize(Tensor piece, Tensor group)
    {
        var (one, all) = (piece.Shape, group.Shape);
        if ((one[0], one[1], one[3], one[4]) != (all[0], all[1], all[3], all[4]))
        {
            throw new ArgumentException($"The pieces of a clip differ in size: {one} after {all}.", nameof(piece));
        }
    }

    private static void Copy(Tensor source, int from, Tensor target, int to)
    {
        var area = checked((int)(source.Shape[3] * source.Shape[4]));
        var (length, step) = ((int)source.Shape[2], (int)target.Shape[2]);
        var read = source.Read<float>();
        var write = target.Write<float>();
        for (var image = 0; image < source.Shape[0] * source.Shape[1]; image++)
        {
            read.Slice(((image * length) + from) * area, area).CopyTo(write[(((image * step) + to) * area)..]);
        }
    }
}
