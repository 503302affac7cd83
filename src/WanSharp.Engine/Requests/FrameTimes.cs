namespace WanSharp.Engine.Requests;

/// <summary>
/// Where the frames of a clip lie between those that it is interpolated from: in whole numbers, so that none is off by rounding.
/// </summary>
/// <remarks>The first frames of both coincide, and no frame lies behind the last that is given.</remarks>
/// <param name="From">Given frames per second, or any number to which <paramref name="To"/> is as the rates are.</param>
/// <param name="To">Wanted frames per second, alike.</param>
internal readonly record struct FrameTimes(long From, long To)
{
    /// <summary>How many frames a clip has.</summary>
    /// <param name="given">How many are given.</param>
    public int Count(int given) => given < 1 ? 0 : (int)Math.Min((given - 1) * To / From, int.MaxValue - 1) + 1;

    /// <summary>The given frame at a wanted one or before it, and how far it is to the next: 0 for the given frame itself.</summary>
    /// <param name="wanted">Which of the wanted frames.</param>
    public (int Before, float Share) At(int wanted) => ((int)(wanted * From / To), wanted * From % To / (float)To);
}
