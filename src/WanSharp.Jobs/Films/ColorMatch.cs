using WanSharp.Media.Images;

namespace WanSharp.Jobs.Films;

/// <summary>
/// Gives the frames of a clip the colours of the one that it continues. The VAE gives back a given frame a little darker or paler, and the
/// next clip begins there: over a film that adds up. Immutable.
/// </summary>
/// <remarks>Each colour gets the mean and the spread that the same frame has in the clip before (Reinhard et al. 2001, in RGB).</remarks>
internal sealed class ColorMatch
{
    private const int Colors = 3;
    private const int Levels = 256;

    /// <summary>No drift is larger: what is, is another picture.</summary>
    private const double MostGain = 1.15;
    private const double MostShift = 24;

    /// <summary>Below the rounding of a byte nothing is changed.</summary>
    private const double Least = 0.5;

    private readonly byte[]? _table; // [colour, level]

    private ColorMatch(byte[]? table) => _table = table;

    /// <summary>Leaves frames as they are.</summary>
    public static ColorMatch None { get; } = new(table: null);

    /// <summary>What makes a frame look like the same frame of another clip.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="target">How it should look.</param>
    public static ColorMatch Between(RgbImage frame, RgbImage target)
    {
        if ((frame.Width, frame.Height) != (target.Width, target.Height))
        {
            throw new ArgumentException($"{frame.Width}x{frame.Height} cannot be compared with {target.Width}x{target.Height}.");
        }

        var table = new byte[Colors * Levels];
        var changes = false;
        for (var color = 0; color < Colors; color++)
        {
            var (mean, spread) = Moments(frame.Pixels, color);
            var (wanted, width) = Moments(target.Pixels, color);
            var gain = spread < 1 ? 1 : Math.Clamp(width / spread, 1 / MostGain, MostGain);
            var shift = Math.Clamp(wanted - (gain * mean), -MostShift, MostShift);
            changes |= Math.Abs(wanted - mean) >= Least || Math.Abs(width - spread) >= Least;
            for (var level = 0; level < Levels; level++)
            {
                table[(color * Levels) + level] = (byte)Math.Clamp(Math.Round((gain * level) + shift), 0, Levels - 1);
            }
        }

        return changes ? new ColorMatch(table) : None;
    }

    /// <summary>The frame in those colours.</summary>
    public RgbImage Apply(RgbImage frame)
    {
        if (_table is null)
        {
            return frame;
        }

        var pixels = new byte[frame.Pixels.Length];
        for (var i = 0; i < pixels.Length; i++)
        {
            pixels[i] = _table[(i % Colors * Levels) + frame.Pixels[i]];
        }

        return frame with
        {
            Pixels = pixels,
        };
    }

    private static (double Mean, double Spread) Moments(byte[] pixels, int color)
    {
        var (sum, squares, count) = (0L, 0L, pixels.Length / Colors);
        for (var i = color; i < pixels.Length; i += Colors)
        {
            sum += pixels[i];
            squares += pixels[i] * pixels[i];
        }

        var mean = (double)sum / count;
        return (mean, Math.Sqrt(Math.Max(0, ((double)squares / count) - (mean * mean))));
    }
}
