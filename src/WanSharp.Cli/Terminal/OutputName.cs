using System.Text;
using WanSharp.Engine.Requests;

namespace WanSharp.Cli.Terminal;

/// <summary>The name of a clip that was not given one: its prompt and seed.</summary>
internal static class OutputName
{
    private const int MaximumLength = 48;

    public static string For(GenerationRequest request)
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

        return $"{(name.Length > 0 ? name.ToString().TrimEnd('-') : "clip")}-{request.Seed}.mp4";
    }
}
