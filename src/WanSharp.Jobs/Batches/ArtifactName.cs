using System.Globalization;
using System.Text;
using WanSharp.Media.Clips;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Batches;

/// <summary>The file names of a batch's clips: the place in the batch first, so that they sort as they were asked for and never collide.</summary>
public static class ArtifactName
{
    private const int MostPromptLetters = 40;

    /// <summary>A name such as <c>0003-a-red-circle-ink-7.mp4</c>.</summary>
    /// <param name="number">The place in the batch, from 1.</param>
    /// <param name="prompt">The prompt as written.</param>
    /// <param name="style">The style, or null.</param>
    /// <param name="seed">The seed; null leaves it out.</param>
    /// <param name="extension">With its dot.</param>
    public static string For(int number, string prompt, string? style, ulong? seed, string extension)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        string[] parts = [number.ToString("D4", CultureInfo.InvariantCulture), Words(prompt), Words(style ?? ""), seed?.ToString(CultureInfo.InvariantCulture) ?? ""];
        return string.Join('-', parts.Where(part => part.Length > 0)) + extension;
    }

    /// <summary>Checks a name that a user gave.</summary>
    /// <exception cref="InvalidRequestException">It is a path, hidden, or names no format.</exception>
    public static string Check(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name.Length > 200 || name.StartsWith('.') || name.Any(c => char.IsControl(c) || "/\\:*?\"<>|%".Contains(c, StringComparison.Ordinal)))
        {
            throw new InvalidRequestException("output", $"'{name}' is no plain file name: leave out folders and the characters / \\ : * ? \" < > | %, and do not begin with a dot.");
        }

        return OutputTarget.TryParse(name, out _, out var error) ? name : throw new InvalidRequestException("output", error);
    }

    private static string Words(string text)
    {
        var words = new StringBuilder();
        foreach (var rune in text.EnumerateRunes().TakeWhile(_ => words.Length < MostPromptLetters))
        {
            if (Rune.IsLetterOrDigit(rune))
            {
                words.Append(Rune.ToLowerInvariant(rune));
            }
            else if (words.Length > 0 && words[^1] != '-')
            {
                words.Append('-');
            }
        }

        return words.ToString().TrimEnd('-');
    }
}
