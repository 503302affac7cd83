namespace WanSharp.Tools.Quality;

/// <summary>
/// Judges by clips one after another whether 95 of 100 keep within a loss. Nothing is supposed of how losses are distributed: a few clips
/// lose much more than all others, because a small change early on makes another clip of them.
/// </summary>
/// <param name="bound">The loss; null for any.</param>
/// <param name="most">The most clips.</param>
public sealed class BoundTest(double? bound, int most)
{
    private const double Confidence = 0.95;

    // So many clips are enough if none broke the bound, or one, or two. Of what more than 5 of 100 clips break, 4.7 % pass (binomial,
    // over the three chances together); of what 1 breaks 85 %, of what 2 break 50 %.
    private static readonly int[] Enough = [70, 110, 150];

    private readonly List<double> _losses = [];

    /// <summary>The most clips that are looked at.</summary>
    public static int MostClips => Enough[^1];

    /// <summary>The losses, in order.</summary>
    public IReadOnlyList<double> Losses => _losses;

    /// <summary>How many kept within the bound.</summary>
    public int Kept => _losses.Count(loss => !(loss > bound));

    /// <summary>The share of all clips that keep within it at least, with 95 % confidence, as far as it was not broken too often.</summary>
    public double Share => IsShown ? Confidence : Math.Pow(1 - Confidence, 1.0 / Math.Max(1, _losses.Count));

    /// <summary>The loss that 95 of 100 other clips are expected to keep within.</summary>
    public double Forecast => IsShown ? _losses.Where(loss => !(loss > bound)).Max() : LossForecast.Of(_losses);

    /// <summary>
    /// Whether it is kept: shown by enough clips, or, where there are fewer, broken by none of them and not expected to be broken by
    /// others like them.
    /// </summary>
    public bool IsKept => bound is null || IsShown || (Broken == 0 && Forecast <= bound);

    private int Broken => _losses.Count - Kept;

    private bool IsShown => bound is not null && Broken < Enough.Length && _losses.Count >= Enough[Broken];

    private bool IsLost => Broken > 0 && (Broken >= Enough.Length || most < Enough[Broken]);

    /// <summary>Takes in a clip.</summary>
    /// <returns>Whether another one would tell more.</returns>
    public bool Add(double loss)
    {
        _losses.Add(loss);
        return !IsShown && !IsLost;
    }
}
