namespace WanSharp.Media.Ffmpeg;

/// <summary>What is said where only ffmpeg can do something, and there is none.</summary>
internal static class FfmpegRequired
{
    /// <summary>How to get ffmpeg, as the end of a sentence.</summary>
    public const string WayOut = "install it (https://ffmpeg.org, or `wan providers install ffmpeg`), or set WAN_FFMPEG to its path";

    /// <summary>The program, or a refusal.</summary>
    /// <param name="ffmpeg">The program; null for none.</param>
    /// <param name="purpose">What it is wanted for, to begin the message with: <c>x.tiff is read</c>.</param>
    /// <exception cref="MediaException">There is none.</exception>
    public static string Of(string? ffmpeg, string purpose) =>
        ffmpeg ?? throw new MediaException($"{purpose} by ffmpeg, which was not found: {WayOut}.");
}
