namespace WanSharp.Jobs.Films;

/// <summary>A clip of the user's that is a section of a film.</summary>
/// <param name="Path">The full path of the file.</param>
/// <param name="From">Where it begins, in seconds of the clip.</param>
/// <param name="To">Where it ends; null for the clip's end.</param>
public sealed record GivenClip(string Path, double From = 0, double? To = null);
