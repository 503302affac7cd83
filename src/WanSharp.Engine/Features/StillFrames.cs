using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Features;

/// <summary>A clip of pictures that do not move: it shows the first, then what fills it, and may end with another.</summary>
/// <param name="first">The first frame, [3, height, width]; stays the caller's.</param>
/// <param name="latentFrames">The latent frames that the clip becomes.</param>
/// <param name="temporalStride">Frames of video to a latent frame after the first.</param>
internal sealed class StillFrames(Tensor first, int latentFrames, int temporalStride) : IFrameSource
{
    private const int Colors = 3;

    public int Width => (int)first.Shape[2];

    public int Height => (int)first.Shape[1];

    public int LatentFrames => latentFrames;

    /// <summary>Whether the first frame stays; otherwise grey follows.</summary>
    public bool Stays { get; init; }

    /// <summary>The last frame of video, [3, height, width]; null for one like those before.</summary>
    public Tensor? Last { get; init; }

    public IEnumerable<Tensor> Read(FrameArea area)
    {
        using (var picture = Tensor.Zeros(DType.F32, [1, Colors, 1, area.Height, area.Width]))
        {
            Show(first, area, picture, frame: 0);
            yield return picture;
        }

        if (latentFrames == 1)
        {
            yield break;
        }

        using var later = Tensor.Zeros(DType.F32, [1, Colors, temporalStride, area.Height, area.Width]);
        for (var frame = 0; Stays && frame < temporalStride; frame++)
        {
            Show(first, area, later, frame);
        }

        for (var latentFrame = 1; latentFrame < latentFrames; latentFrame++)
        {
            if (latentFrame == latentFrames - 1 && Last is not null)
            {
                Show(Last, area, later, temporalStride - 1);
            }

            yield return later;
        }
    }

    /// <summary>Copies an area of a picture to a frame of a clip [1, 3, frames, height, width].</summary>
    private static void Show(Tensor picture, FrameArea area, Tensor clip, int frame)
    {
        var (height, width, frames) = ((int)picture.Shape[1], (int)picture.Shape[2], (int)clip.Shape[2]);
        var from = picture.Read<float>();
        var to = clip.Write<float>();
        for (var color = 0; color < Colors; color++)
        {
            for (var y = 0; y < area.Height; y++)
            {
                from.Slice((((color * height) + area.Y + y) * width) + area.X, area.Width)
                    .CopyTo(to[(((((color * frames) + frame) * area.Height) + y) * area.Width)..]);
            }
        }
    }
}
