using System.Text;

namespace WanSharp.Tensors;

/// <summary>Names files that have a checkpoint's name but hold something else: what a download or a clone left instead.</summary>
internal static class OtherContents
{
    /// <summary>How many bytes from a file's beginning tell what it is.</summary>
    public const int SniffedLength = 512;

    private const string Again = "download the file again";
    private const string AText = "it is not a checkpoint but a text";
    private const int LongestShown = 80;
    private const int ShortestText = 4;

    private const int TarOffset = 257;

    // Texts that version control keeps in place of large files, and the command that gets the files.
    private static readonly (string Start, string What, string Command)[] Pointers =
    [
        ("version https://git-lfs.github.com/spec/", "Git LFS", "git lfs install` and `git lfs pull"),
        ("/annex/objects/", "git-annex", "git annex get"),
        ("../.git/annex/objects/", "git-annex", "git annex get"),
        ("outs:\n- md5:", "DVC", "dvc pull"),
        ("# xet version", "Xet", "git xet install` and `git xet checkout"),
    ];

    private static readonly (byte[] Start, string What)[] Formats =
    [
        ([0x1F, 0x8B], "a gzip archive: unpack it"),
        ([0x37, 0x7A, 0xBC, 0xAF], "a 7-Zip archive: unpack it"),
        ([.. "Rar!"u8], "a RAR archive: unpack it"),
        ([0x28, 0xB5, 0x2F, 0xFD], "a Zstandard archive: unpack it"),
        ([0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z'], "an xz archive: unpack it"),
        ([.. "BZh"u8], "a bzip2 archive: unpack it"),
        ([0x89, .. "HDF"u8], "an HDF5 file (Keras): convert it to safetensors"),
        ([0x93, .. "NUMPY"u8], "a NumPy array: convert it to safetensors"),
        ([0x89, .. "PNG"u8], "a picture"),
        ([0xFF, 0xD8, 0xFF], "a picture"),
        ([.. "%PDF"u8], "a PDF document"),
        ([.. "SQLite format 3\0"u8], "an SQLite database, as Draw Things keeps models: get the model as safetensors or GGUF"),
        ([.. "MZ"u8], "a Windows program"),
        ([0x7F, .. "ELF"u8], "a Linux program or library"),
        ([.. "lmgg"u8], "GGML's old format: get the file as GGUF"),
        ([.. "fmgg"u8], "GGML's old format: get the file as GGUF"),
        ([.. "tjgg"u8], "GGML's old format: get the file as GGUF"),
    ];

    /// <summary>What a file is instead of a checkpoint, and what to do; null when its beginning does not say.</summary>
    /// <param name="start">The file's first bytes, up to <see cref="SniffedLength"/>.</param>
    public static string? Describe(ReadOnlySpan<byte> start)
    {
        foreach (var (text, system, command) in Pointers)
        {
            if (start.StartsWith(Encoding.ASCII.GetBytes(text)))
            {
                return $"it is a {system} pointer, the text that stands for a file which was not downloaded: run `{command}` in its "
                    + $"folder, or {Again} from its page.";
            }
        }

        foreach (var (format, what) in Formats)
        {
            if (start.StartsWith(format))
            {
                return $"it is not a checkpoint but {what}.";
            }
        }

        if (start is [0x08, < 0x20, 0x12 or 0x3A, ..])
        {
            return "it is an ONNX graph, not a checkpoint: get the checkpoint (safetensors, GGUF) that it was exported from.";
        }

        if (start.Length > TarOffset && start[TarOffset..].StartsWith("ustar"u8))
        {
            return "it is not a checkpoint but a tar archive: unpack it.";
        }

        return DescribeText(start);
    }

    /// <summary>
    /// What stands in place of a file that comes with checkpoints (a tokenizer, a description); null when its beginning does not say, and
    /// for texts, which they are themselves.
    /// </summary>
    /// <param name="path">The file.</param>
    public static string? DescribeCompanion(string path)
    {
        try
        {
            using var file = PlainFile.OpenRead(path);
            Span<byte> start = stackalloc byte[SniffedLength];
            start = start[..file.ReadAtLeast(start, SniffedLength, throwOnEndOfStream: false)];
            return TextOf(start) is ['{' or '[', ..] || Describe(start) is not { } what || what.StartsWith(AText, StringComparison.Ordinal)
                ? null
                : what.Replace("not a checkpoint but ", "", StringComparison.Ordinal)
                    .Replace(", not a checkpoint", "", StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string? DescribeText(ReadOnlySpan<byte> start)
    {
        if (TextOf(start) is not { } text)
        {
            return start.Length >= ShortestText && start.IndexOfAnyExcept((byte)0) < 0
                ? $"it begins with zeros: the download is not complete; {Again}."
                : null;
        }

        var isPage =
            text.StartsWith("<!doctype", StringComparison.OrdinalIgnoreCase)
            || text.StartsWith("<html", StringComparison.OrdinalIgnoreCase);
        return isPage
                ? $"it is a web page, not a checkpoint: {Again} by its download link (the address with /resolve/, "
                    + "not /blob/), signed in if the page asks for that."
            : text.StartsWith('{') || text.StartsWith('[')
                ? $"it is not a checkpoint but a JSON text, as a server sends when it refuses a download: {Shown(text)} {Sentence(Again)}."
            : text.StartsWith('<')
                ? $"it is not a checkpoint but an XML text, as a server sends when it refuses a download: {Shown(text)} {Sentence(Again)}."
            : $"{AText}: {Shown(text)} If a server sent it instead of the file, {Again}.";
    }

    /// <summary>The beginning as a text, or null if it is not one.</summary>
    private static string? TextOf(ReadOnlySpan<byte> start)
    {
        if (start is [0xFF, 0xFE, _, _, ..] or [0xFE, 0xFF, _, _, ..])
        {
            var wide = start[0] == 0xFF ? Encoding.Unicode : Encoding.BigEndianUnicode;
            return wide.GetString(start[2..(start.Length & ~1)]).TrimStart();
        }

        start = start.StartsWith("\uFEFF"u8) ? start[3..] : start;
        if (start.Length < ShortestText || start.ContainsAnyInRange((byte)0, (byte)8) || start.ContainsAnyInRange((byte)0x0E, (byte)0x1F))
        {
            return null;
        }

        // A character may be cut at the end of what was read.
        var text = Encoding.UTF8.GetString(start).TrimEnd('\uFFFD');
        return text.Contains('\uFFFD', StringComparison.Ordinal) ? null : text.TrimStart();
    }

    private static string Shown(string text)
    {
        var line = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return CheckpointException.Quote(line.Length > LongestShown ? line[..LongestShown] + "…" : line) + ".";
    }

    private static string Sentence(string text) => char.ToUpperInvariant(text[0]) + text[1..];
}
