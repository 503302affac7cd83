using System.Globalization;

namespace WanSharp.Media.Clips;

/// <summary>How many frames a clip shows in how many seconds: in whole numbers, for some rates are no decimal fraction.</summary>
/// <param name="Frames">Frames, at least 1.</param>
/// <param name="Seconds">The seconds that they take, at least 1.</param>
public readonly record struct FrameRate(int Frames, int Seconds)
{
    /// <summary>Frames per second.</summary>
    public double Value => (double)Frames / Seconds;

    /// <summary>The rate as users write it: <c>24</c>, <c>29.97</c>.</summary>
    public override string ToString() => Value.ToString("0.###", CultureInfo.InvariantCulture);
}
