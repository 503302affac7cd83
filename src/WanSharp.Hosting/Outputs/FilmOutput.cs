namespace WanSharp.Hosting.Outputs;

/// <summary>A film that was made.</summary>
/// <param name="Path">The film.</param>
/// <param name="Folder">The folder of its sections.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="Width">Pixels across.</param>
/// <param name="Height">Pixels down.</param>
/// <param name="Frames">Its frames.</param>
/// <param name="Fps">Frames per second.</param>
/// <param name="Sections">How many sections it has.</param>
/// <param name="Computed">Clips that were computed, by this run or an earlier one.</param>
/// <param name="Cached">Clips that came from the result cache.</param>
/// <param name="Clips">The clips, in the order in which they are shown.</param>
public sealed record FilmOutput(
    string Path,
    string Folder,
    double Seconds,
    int Width,
    int Height,
    int Frames,
    double Fps,
    int Sections,
    int Computed,
    int Cached,
    IReadOnlyList<FilmClipOutput> Clips
);
