namespace WanSharp.Engine.Requests;

/// <summary>A file that a clip was made with in addition to the model's own, as far as it can be named later.</summary>
/// <param name="Name">The file's name without folder and ending.</param>
/// <param name="Sha256">SHA-256 of the file, hexadecimal: that decides, not the name.</param>
/// <param name="Scale">How many times as wide and as high as what it was given its frames are.</param>
public sealed record UsedNetwork(string Name, string Sha256, int Scale = 1);
