using WanSharp.Media.Images;

namespace WanSharp.Jobs.Films;

/// <summary>
/// Finds out how the colours of a clip differ from those of the clip that it continues: a VAE gives a given frame back a little darker or
/// paler, and over a film that adds up.
/// </summary>
/// <remarks>
/// <para>
/// Each colour gets the mean and the spread that the given frame had (Reinhard et al. 2001, in RGB), as far as every frame of the clip
/// lacks them. A VAE makes the first frames of a clip look otherwise than the later ones, because the first latent frame stands for one
/// frame and the others for several; a clip that looks like the one before it again has lost nothing, and what one frame says would be
/// added to the film by every clip.
/// </para>
/// <para>Not thread-safe.</para>
/// </remarks>
/// <param name="target">How the first frame should look.</param>
internal sealed class ColorMeasure(RgbImage target)
{
    public const int Colors = 3;

    /// <summary>No drift is larger: what is, is another picture.</summary>
    private const double MostGain = 1.15;
    private const double MostShift = 24;

    /// <summary>Below the rounding of a byte nothing is changed.</summary>
    private const double LeastChange = 0.5;

    private readonly (double Mean, double Spread)[] _target = [.. Enumerable.Range(0, Colors).Select(color => Moments(target, color))];
    private readonly Least[] _gains = [.. Enumerable.Range(0, Colors).Select(_ => new Least())]; // logarithms
    private readonly Least[] _shifts = [.. Enumerable.Range(0, Colors).Select(_ => new Least())];
    private (double Mean, double Spread)[]? _first;

    /// <summary>Looks at the clip's next frame; the first one is the given one.</summary>
    public void Add(RgbImage frame)
    {
        if ((frame.Width, frame.Height) != (target.Width, target.Height))
        {
            throw new ArgumentException($"{frame.Width}x{frame.Height} cannot be compared with {target.Width}x{target.Height}.");
        }

        var own = Enumerable.Range(0, Colors).Select(color => Moments(frame, color)).ToArray();
        _first ??= own;
        for (var color = 0; color < Colors; color++)
        {
            _shifts[color].Add(_target[color].Mean - own[color].Mean);
            _gains[color]
                .Add(Math.Min(own[color].Spread, _target[color].Spread) < 1 ? 0 : Math.Log(_target[color].Spread / own[color].Spread));
        }
    }

    /// <summary>What gives the clip those colours.</summary>
    public ColorMatch Match()
    {
        if (_first is not { } first)
        {
            return ColorMatch.None;
        }

        var changes = new (double Gain, double Shift)[Colors];
        var any = false;
        for (var color = 0; color < Colors; color++)
        {
            var (gain, shift) = (Math.Exp(_gains[color].Change), _shifts[color].Change);
            any |= Math.Abs(shift) >= LeastChange || Math.Abs(gain - 1) * first[color].Spread >= LeastChange;
            changes[color] = (Math.Clamp(gain, 1 / MostGain, MostGain), Math.Clamp(shift, -MostShift, MostShift));
        }

        return any
            ? ColorMatch.Of(
                (color, level) => first[color].Mean + (changes[color].Gain * (level - first[color].Mean)) + changes[color].Shift
            )
            : ColorMatch.None;
    }

    private static (double Mean, double Spread) Moments(RgbImage image, int color)
    {
        var pixels = image.Pixels;
        var (sum, squares, count) = (0L, 0L, pixels.Length / Colors);
        for (var i = color; i < pixels.Length; i += Colors)
        {
            sum += pixels[i];
            squares += pixels[i] * pixels[i];
        }

        var mean = (double)sum / count;
        return (mean, Math.Sqrt(Math.Max(0, ((double)squares / count) - (mean * mean))));
    }

    /// <summary>The change that all frames ask for: the smallest where they agree on its direction, and otherwise none.</summary>
    private sealed class Least
    {
        private double _lowest = double.PositiveInfinity;
        private double _highest = double.NegativeInfinity;

        public double Change => Math.Max(0, _lowest) + Math.Min(0, _highest);

        public void Add(double change) => (_lowest, _highest) = (Math.Min(_lowest, change), Math.Max(_highest, change));
    }
}
