namespace WanSharp.Engine.Requests;

/// <summary>What made frames between those of a clip.</summary>
/// <param name="Name">The file's name without folder and ending, or <c>ffmpeg</c>.</param>
/// <param name="Sha256">SHA-256 of the file, hexadecimal; empty for ffmpeg.</param>
/// <param name="FromFps">Frames per second of those that were there before.</param>
public sealed record UsedInterpolation(string Name, string Sha256, int FromFps)
{
    /// <summary>The name of ffmpeg's motion interpolation, which needs no file.</summary>
    public const string Ffmpeg = "ffmpeg";
}
