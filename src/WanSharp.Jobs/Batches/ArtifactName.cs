using System.Globalization;
using System.Text;
using WanSharp.Media.Clips;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Batches;

/// <summary>The file names of a batch's clips.</summary>
internal static class ArtifactName
{
    /// <summary>What the usual file systems take, in bytes of UTF-8.</summary>
    public const int MostBytes = 255;

    private const int MostPromptLetters = 40;
    private const int MostWordBytes = 90; // twice, with number, seed and extension: well below what file systems take

    /// <summary>A name such as <c>0003-a-red-circle-ink-7.mp4</c>.</summary>
    /// <param name="number">The job's number in its folder, from 1, so that clips sort as they were asked for and never collide.</param>
    /// <param name="prompt">The prompt, without its style.</param>
    /// <param name="style">The style, or null.</param>
    /// <param name="seed">The seed; null leaves it out.</param>
    /// <param name="extension">With its dot.</param>
    public static string For(int number, string prompt, string? style, ulong? seed, string extension)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        string[] parts =
        [
            number.ToString("D4", CultureInfo.InvariantCulture),
            Words(prompt),
            Words(style ?? ""),
            seed?.ToString(CultureInfo.InvariantCulture) ?? "",
        ];
        return string.Join('-', parts.Where(part => part.Length > 0)) + extension;
    }

    /// <summary>Checks a name that a user gave.</summary>
    /// <param name="name">The name.</param>
    /// <param name="formats">The extensions that it may have, with dots; null for those that the engine writes.</param>
    /// <exception cref="InvalidRequestException">It is a path, hidden, too long for a file system, or does not name a format.</exception>
    public static string Check(string name, IReadOnlyList<string>? formats = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name.StartsWith('.') || name.Any(c => char.IsControl(c) || "/\\:*?\"<>|%".Contains(c, StringComparison.Ordinal)))
        {
            throw new InvalidRequestException(
                "output",
                $"'{name}' is not a plain file name: leave out folders and the characters / \\ : * ? "
                    + "\" < > | %, and do not begin with a dot."
            );
        }

        if (Encoding.UTF8.GetByteCount(name) is > MostBytes and var bytes)
        {
            throw new InvalidRequestException(
                "output",
                $"The output's name is {bytes} bytes long, and file systems take {MostBytes}: shorten "
                    + $"'{name[..Math.Min(name.Length, MostPromptLetters)]}…'."
            );
        }

        if (DeviceName.Is(name))
        {
            throw new InvalidRequestException("output", $"'{name}' is a device's name on Windows: choose another.");
        }

        formats ??= OutputTarget.Formats;
        return formats.Contains(Path.GetExtension(name).ToLowerInvariant())
            ? name
            : throw new InvalidRequestException(
                "output",
                $"'{name}' does not end in a format that is written here: end it in {string.Join(", ", formats)}, or leave the output out."
            );
    }

    private static string Words(string text)
    {
        var words = new StringBuilder();
        var bytes = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            if (words.Length >= MostPromptLetters || bytes + rune.Utf8SequenceLength > MostWordBytes)
            {
                break;
            }

            if (Rune.IsLetterOrDigit(rune))
            {
                words.Append(Rune.ToLowerInvariant(rune));
                bytes += rune.Utf8SequenceLength;
            }
            else if (words.Length > 0 && words[^1] != '-')
            {
                words.Append('-');
                bytes++;
            }
        }

        return words.ToString().TrimEnd('-');
    }
}
