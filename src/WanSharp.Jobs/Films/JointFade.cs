using WanSharp.Media.Images;

namespace WanSharp.Jobs.Films;

/// <summary>
/// Hides the step from one clip to the next: the VAE gives the frame that a clip begins with back without some of its details, which would
/// be missing from one frame to the next. The first frames get them back, each a little less. Immutable.
/// </summary>
/// <remarks>
/// What moves between two frames is not missing. Where the clip stands still, a pixel gets what the next frame lacks; elsewhere it gets the
/// smaller part of what both that one and the given frame lack, and nothing if one has too little of it and the other too much.
/// </remarks>
internal sealed class JointFade
{
    /// <summary>The frames that get some of it, as long as the clip has more.</summary>
    private const int Frames = 6;

    /// <summary>
    /// The largest difference of a pixel from one frame to the next where nothing moves: a VAE is no more exact than that.
    /// </summary>
    private const int Still = 8;

    private readonly short[] _missing;
    private readonly int _count;

    private JointFade(short[] missing, int count) => (_missing, _count) = (missing, count);

    /// <summary>Leaves frames as they are.</summary>
    public static JointFade None { get; } = new([], 0);

    /// <summary>What is missing after a joint.</summary>
    /// <param name="before">The last frame that was shown before it.</param>
    /// <param name="same">The same frame as the next clip gives it back.</param>
    /// <param name="next">The clip's next frame, the first that it shows.</param>
    /// <param name="shown">How many it shows; the last one stays as it is, because the clip after it begins with that.</param>
    public static JointFade Between(RgbImage before, RgbImage same, RgbImage next, int shown)
    {
        var missing = new short[before.Pixels.Length];
        for (var i = 0; i < missing.Length; i++)
        {
            var (now, later) = (before.Pixels[i] - same.Pixels[i], before.Pixels[i] - next.Pixels[i]);
            missing[i] = (short)(
                Math.Abs(now - later) <= Still ? later
                : Math.Sign(now) != Math.Sign(later) ? 0
                : Math.Abs(now) < Math.Abs(later) ? now
                : later
            );
        }

        return new JointFade(missing, Math.Min(Frames, shown - 1));
    }

    /// <summary>The frame as it is shown.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="number">Its number among those that the clip shows, from 0.</param>
    public RgbImage Apply(RgbImage frame, int number)
    {
        if (number >= _count)
        {
            return frame;
        }

        var (share, pixels) = (1 - ((number + 1.0) / (_count + 1)), new byte[frame.Pixels.Length]);
        for (var i = 0; i < pixels.Length; i++)
        {
            pixels[i] = (byte)Math.Clamp(Math.Round(frame.Pixels[i] + (share * _missing[i])), 0, byte.MaxValue);
        }

        return frame with
        {
            Pixels = pixels,
        };
    }
}
