using System.Globalization;
using System.Text.RegularExpressions;

namespace WanSharp.Tensors;

/// <summary>Tells by their names files that a checkpoint can be made of, and says how: pieces, archives, other formats.</summary>
internal static partial class PackedNames
{
    private const int MostNamed = 20;

    // What the ending means if no number says that it is a piece.
    private static readonly (string Ending, string What)[] Endings =
    [
        (".zst", "it is packed (Zstandard): unpack it, as with `unzstd`"),
        (".gz", "it is packed (gzip): unpack it, as with `gunzip`"),
        (".xz", "it is packed (xz): unpack it, as with `unxz`"),
        (".bz2", "it is packed (bzip2): unpack it, as with `bunzip2`"),
        (".lz4", "it is packed (LZ4): unpack it, as with `unlz4`"),
        (".zip", "it is an archive: unpack it"),
        (".7z", "it is an archive: unpack it"),
        (".rar", "it is an archive: unpack it"),
        (".tar", "it is an archive: unpack it"),
        (".onnx", "it is an ONNX graph: get the checkpoint (safetensors, GGUF) that it was exported from"),
    ];

    /// <summary>What a file is by its name, and what to do, as part of a sentence; null for other files.</summary>
    public static string? Describe(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (Piece().Match(Path.GetFileName(path)) is { Success: true } piece && IsNumbered(path, piece))
        {
            return $"it is a piece of a file that was cut: {Joining(path, piece)}, or open the first with the program that cut it";
        }

        return Endings.FirstOrDefault(one => path.EndsWith(one.Ending, StringComparison.OrdinalIgnoreCase)).What;
    }

    /// <summary>How to join the pieces that are there, in the order of their numbers: a shell's * has 10 before 2.</summary>
    private static string Joining(string path, Match piece)
    {
        var pieces = PiecesOf(path, piece);
        if (Missing(pieces) is { } number)
        {
            return string.Create(
                CultureInfo.InvariantCulture,
                $"number {number} of its pieces is missing: get it, then join all in their order"
            );
        }

        var names = pieces.Count is > 1 and <= MostNamed ? string.Join(' ', pieces.Select(one => Quoted(one.Name))) : "…";
        return $"join all in the order of their numbers, `cat {names} > {Quoted(piece.Groups["whole"].Value)}` "
            + "(on Windows `copy /b` with a + between them)";

        string Quoted(string name) => ShellWord.Quote(Path.Combine(Path.GetDirectoryName(path) ?? "", name));
    }

    /// <summary>Whether letters number a piece: <c>split</c> begins with aa, and other files end in two letters, too.</summary>
    private static bool IsNumbered(string path, Match piece) =>
        piece.Groups["letters"] is not { Success: true, Value: [not ('a' or 'A'), ..] }
        || File.Exists(Path.Combine(Path.GetDirectoryName(path) ?? "", piece.Groups["whole"].Value + ".aa"));

    /// <summary>The pieces that are called as one is: with the same name before the number, and a number of the same kind.</summary>
    private static List<(string Name, string Number)> PiecesOf(string path, Match piece)
    {
        var stem = piece.Value[..piece.Groups["number"].Index];
        var isCounted = IsDigits(piece);
        try
        {
            return
            [
                .. Directory
                    .EnumerateFiles(Path.GetDirectoryName(Path.GetFullPath(path)) ?? "")
                    .Select(file => Piece().Match(Path.GetFileName(file)))
                    .Where(match =>
                        match.Success
                        && IsDigits(match) == isCounted
                        && match.Value[..match.Groups["number"].Index].Equals(stem, StringComparison.Ordinal)
                    )
                    .Select(match => (Name: match.Value, Number: match.Groups["number"].Value))
                    .OrderBy(one => one.Number.Length)
                    .ThenBy(one => one.Number, StringComparer.OrdinalIgnoreCase),
            ];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return []; // the folder must not be read
        }
    }

    private static bool IsDigits(Match piece) => piece.Groups["number"].Value.All(char.IsAsciiDigit);

    /// <summary>
    /// The first number that is missing before the last one; null if none is, and where letters count. <c>split</c> lengthens its numbers
    /// by two digits before the shorter ones are used up: 89 is followed by 9000.
    /// </summary>
    private static int? Missing(List<(string Name, string Number)> pieces)
    {
        int? last = null;
        foreach (var (_, text) in pieces)
        {
            if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                return null;
            }

            var next =
                last is null ? Math.Min(number, 1)
                : (last, number) is (89, 9000) ? number
                : last.Value + 1;
            if (number > next)
            {
                return next;
            }

            last = number;
        }

        return null;
    }

    /// <summary>Such a file of which one that is missing can be made, and what to do; null if there is none.</summary>
    /// <param name="path">What is missing.</param>
    public static string? Instead(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        try
        {
            var folder = Path.GetDirectoryName(Path.GetFullPath(path)) ?? "";
            var name = Path.GetFileName(path);
            return Directory.Exists(folder) && name.Length > 0
                ? Directory
                    .EnumerateFiles(folder, "*", SearchOption.TopDirectoryOnly)
                    .Where(file => Path.GetFileName(file).StartsWith(name + ".", StringComparison.OrdinalIgnoreCase))
                    .Order(StringComparer.Ordinal)
                    .Select(file => Describe(file) is { } way ? $"{file} is there: {way}." : null)
                    .FirstOrDefault(way => way is not null)
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null; // the folder must not be read, or this is no path
        }
    }

    /// <summary>What 7-Zip, HJSplit and <c>split</c> number; one of a checkpoint, for others number what they like.</summary>
    [GeneratedRegex(
        @"^(?<whole>.+\.(?:safetensors|sft|gguf|pth|pt|bin|ckpt)(?:\.(?:zip|7z|rar|tar))?)"
            + @"\.(?:(?<number>[0-9]{2,4})|part_?(?<number>[0-9a-z]{1,4})|(?<number>(?<letters>[a-z]{2}))|x(?<number>[0-9]{2}))$",
        RegexOptions.IgnoreCase
    )]
    private static partial Regex Piece();
}
