using System.Text;

namespace WanSharp.Media.Ffmpeg;

/// <summary>Names files that have a clip's name but hold something else.</summary>
internal static class ClipContents
{
    private const string Kinds = "mp4, mov, mkv, webm, avi, ts, gif, webp and png are read";
    private const string Again = "Get the file again";
    private const int BoxName = 4; // behind a length of four bytes
    private const int LongestShown = 60;
    private const byte TransportStream = 0x47; // of MPEG; also a G

    // The first boxes of mp4 and mov.
    private static readonly string[] Boxes = ["ftyp", "moov", "mdat", "free", "skip", "wide", "styp", "pnot"];

    private static readonly byte[][] Containers =
    [
        [0x1A, 0x45, 0xDF, 0xA3], // Matroska, WebM
        [.. "GIF8"u8],
        [0x89, .. "PNG"u8],
        [.. "RIFF"u8], // AVI, WebP
    ];

    private static readonly (byte[] Start, string What)[] Others =
    [
        ([0xFF, 0xD8, 0xFF], "a JPEG picture"),
        ([.. "PK"u8], "a ZIP archive, or a PyTorch checkpoint"),
        ([0x1F, 0x8B], "a gzip archive"),
        ([.. "Rar!"u8], "a RAR archive"),
        ([0x37, 0x7A, 0xBC, 0xAF], "a 7-Zip archive"),
        ([.. "%PDF"u8], "a PDF document"),
        ([.. "GGUF"u8], "a GGUF checkpoint"),
        ([.. "ID3"u8], "a sound file"),
        ([.. "OggS"u8], "an Ogg file"),
        ([.. "fLaC"u8], "a sound file"),
    ];

    /// <summary>What is wrong with a file that could not be read as a clip; null when its beginning is that of one.</summary>
    /// <param name="start">The file's first bytes.</param>
    public static string? Problem(ReadOnlySpan<byte> start)
    {
        if (start.IsEmpty)
        {
            return $"it is empty. {Again}.";
        }

        if (start.IndexOfAnyExcept((byte)0) < 0)
        {
            return $"it begins with zeros: its download is not complete. {Again}.";
        }

        if (IsClip(start))
        {
            return null;
        }

        if (Says(start) is { } text)
        {
            return $"{WhatIs(text)}, not a clip.";
        }

        foreach (var (other, what) in Others)
        {
            if (start.StartsWith(other))
            {
                return $"it is {what}, not a clip.";
            }
        }

        return start[0] == TransportStream ? null : $"it is not a clip of a kind that is known: {Kinds}.";
    }

    private static bool IsClip(ReadOnlySpan<byte> start)
    {
        foreach (var container in Containers)
        {
            if (start.StartsWith(container))
            {
                return true;
            }
        }

        return start.Length >= 2 * BoxName && Boxes.Contains(Encoding.Latin1.GetString(start[BoxName..(2 * BoxName)]));
    }

    private static string WhatIs(string text) =>
        text.StartsWith("version https://git-lfs", StringComparison.Ordinal)
            ? "it is a Git LFS pointer, the text that stands for a file which was not downloaded (run `git lfs pull` in its folder)"
        : text.StartsWith("<!doctype", StringComparison.OrdinalIgnoreCase) || text.StartsWith("<html", StringComparison.OrdinalIgnoreCase)
            ? "it is a web page (download the file by its link)"
        : text.StartsWith('{') || text.StartsWith('[') ? $"it is a JSON text ({Shown(text)})"
        : $"it is a text ({Shown(text)})";

    private static string Shown(string text)
    {
        var line = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length > LongestShown ? line[..LongestShown] + "…" : line;
    }

    /// <summary>The beginning as a text, or null if it is not one.</summary>
    private static string? Says(ReadOnlySpan<byte> start)
    {
        if (start.ContainsAnyInRange((byte)0, (byte)8) || start.ContainsAnyInRange((byte)0x0E, (byte)0x1F))
        {
            return null;
        }

        var text = Encoding.UTF8.GetString(start).TrimEnd('\uFFFD'); // a character may be cut at the end of what was read
        return text.Contains('\uFFFD', StringComparison.Ordinal) ? null : text.TrimStart();
    }
}
