using System.Globalization;
using System.Text;
using WanSharp.Engine.Requests;

namespace WanSharp.Cli.Terminal;

/// <summary>The name of a clip that was not given one: its prompt and seed, and a number where that is taken.</summary>
internal static class OutputName
{
    private const int MaximumLength = 48;
    private const string Extension = ".mp4";

    /// <summary>A name that nothing in a folder has.</summary>
    /// <param name="request">What the clip is made of.</param>
    /// <param name="folder">The folder; empty for the present one.</param>
    public static string For(GenerationRequest request, string folder)
    {
        var name = new StringBuilder();
        foreach (var rune in request.Prompt.EnumerateRunes())
        {
            if (name.Length >= MaximumLength)
            {
                break;
            }

            if (Rune.IsLetterOrDigit(rune))
            {
                name.Append(Rune.ToLowerInvariant(rune));
            }
            else if (name.Length > 0 && name[^1] != '-')
            {
                name.Append('-');
            }
        }

        var start = string.Create(
            CultureInfo.InvariantCulture,
            $"{(name.Length > 0 ? name.ToString().TrimEnd('-') : "clip")}-{request.Seed ?? 0}"
        );
        return Enumerable
            .Range(1, int.MaxValue)
            .Select(number => start + (number == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $"-{number}")) + Extension)
            .First(free => !Path.Exists(Path.Combine(folder, free)));
    }
}
