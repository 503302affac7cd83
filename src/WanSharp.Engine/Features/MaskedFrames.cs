using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Features;

/// <summary>What of a control is kept, or what of it is made anew; the rest is grey.</summary>
/// <remarks>Source: Wan-Video/Wan2.1:wan/vace.py, <c>vace_encode_frames</c>: inactive, reactive.</remarks>
/// <param name="frames">The control.</param>
/// <param name="temporalStride">Frames of video to a latent frame after the first.</param>
/// <param name="isMade">Whether the pixels that are made anew are seen, or those that are kept.</param>
internal sealed class MaskedFrames(ControlFrames frames, int temporalStride, bool isMade) : IFrameSource
{
    private const int Colors = 3;

    public int Width => frames.Width;

    public int Height => frames.Height;

    public int LatentFrames => ((frames.Count - 1) / temporalStride) + 1;

    public IEnumerable<Tensor> Read(FrameArea area)
    {
        using (var first = Tensor.Zeros(DType.F32, [1, Colors, 1, area.Height, area.Width]))
        {
            Show(0, area, first, 0);
            yield return first;
        }

        using var later = Tensor.Zeros(DType.F32, [1, Colors, temporalStride, area.Height, area.Width]);
        for (var start = 1; start < frames.Count; start += temporalStride)
        {
            for (var frame = 0; frame < temporalStride; frame++)
            {
                Show(start + frame, area, later, frame);
            }

            yield return later;
        }
    }

    private bool IsFollowed(int x, int y) =>
        frames.Followed is not { } place
        || (x >= place.Left && x < place.Left + place.Width && y >= place.Top && y < place.Top + place.Height);

    /// <summary>Writes a frame's pixels, −1 to 1, and 0 for those that are not seen.</summary>
    private void Show(int frame, FrameArea area, Tensor clip, int at)
    {
        var (picture, mask) = (frames.PictureOf(frame), frames.MaskOf(frame));
        var values = clip.Write<float>();
        var length = (int)clip.Shape[2];
        for (var color = 0; color < Colors; color++)
        {
            for (var y = 0; y < area.Height; y++)
            {
                var row = values.Slice((((color * length) + at) * area.Height + y) * area.Width, area.Width);
                var first = ((area.Y + y) * frames.Width) + area.X;
                for (var x = 0; x < row.Length; x++)
                {
                    var made = mask is null || ControlFrames.IsMade(mask[first + x]);
                    var seen = isMade ? made && IsFollowed(area.X + x, area.Y + y) : !made;
                    row[x] = picture is not null && seen ? (picture[((first + x) * Colors) + color] / 127.5f) - 1 : 0;
                }
            }
        }
    }
}
