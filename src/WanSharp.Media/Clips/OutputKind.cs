namespace WanSharp.Media.Clips;

/// <summary>What a clip can be written as.</summary>
public enum OutputKind
{
    /// <summary>H.264 in MP4, 4:2:0, which every browser plays: <c>.mp4</c>.</summary>
    Mp4,

    /// <summary>VP9 in WebM: <c>.webm</c>.</summary>
    WebM,

    /// <summary>An endless GIF with a palette made for the clip: <c>.gif</c>.</summary>
    Gif,

    /// <summary>Animated WebP, endless, which every browser plays: <c>.webp</c>. Written without ffmpeg.</summary>
    WebP,

    /// <summary>FFV1 in Matroska: what was written is read back to the bit. For sections that others continue, and for editing:
    /// <c>.mkv</c>.</summary>
    Lossless,

    /// <summary>All frames in one picture, row by row: <c>.png</c>.</summary>
    ContactSheet,

    /// <summary>A picture a frame: <c>name-%04d.png</c>, or a folder written with a slash at its end.</summary>
    PngSequence,
}
