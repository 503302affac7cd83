namespace WanSharp.Media.Clips;

/// <summary>What of a clip is taken, and how often it is looked at.</summary>
/// <param name="From">Where it begins, in seconds of the clip.</param>
/// <param name="To">Where it ends; null for the clip's end.</param>
/// <param name="Fps">The frames that are taken of a second: at each of these moments the one that is shown then.</param>
/// <param name="MostFrames">The most frames; a longer clip is refused.</param>
public sealed record ClipCut(double From, double? To, double Fps, int MostFrames);
