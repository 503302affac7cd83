namespace WanSharp.Hosting.Outputs;

/// <summary>What a film would take.</summary>
/// <param name="Width">Pixels across.</param>
/// <param name="Height">Pixels down.</param>
/// <param name="Frames">Its frames.</param>
/// <param name="Fps">Frames per second.</param>
/// <param name="Sections">How many sections it has.</param>
/// <param name="Parallel">How many clips could be made at the same time; the others continue one of these.</param>
/// <param name="Seconds">The predicted time of the clips to make, one after the other; null where it is not known.</param>
/// <param name="LongestChain">The part of it that cannot be shared: clips that continue each other; null where it is not known.</param>
/// <param name="Clips">The clips, in the order in which they are shown.</param>
public sealed record FilmDryRunOutput(
    int Width,
    int Height,
    int Frames,
    double Fps,
    int Sections,
    int Parallel,
    double? Seconds,
    double? LongestChain,
    IReadOnlyList<FilmClipOutput> Clips
);
