namespace WanSharp.Media.Metadata;

/// <summary>A text in a clip or picture.</summary>
/// <param name="Name">What it is called there: a PNG's keyword, a container's key, a tag of EXIF.</param>
/// <param name="Text">The text.</param>
public sealed record EmbeddedText(string Name, string Text);
