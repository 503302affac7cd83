using System.Globalization;
using WanSharp.Engine.Requests;

namespace WanSharp.Cli.Terminal;

/// <summary>The command that makes a clip again.</summary>
internal static class GenerateCommandLine
{
    private const string PlainCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=.,:/@%";

    /// <param name="settings">What made the clip.</param>
    /// <param name="output">The new clip.</param>
    public static string For(GenerationSettings settings, string output)
    {
        var invariant = CultureInfo.InvariantCulture;
        List<string> words =
        [
            "wan generate",
            .. settings.Prompt.StartsWith('-') ? [] : new[] { Quote(settings.Prompt) },
            Option("--negative", settings.NegativePrompt),
            Option("--size", string.Create(invariant, $"{settings.Width}x{settings.Height}")),
            Option("--frames", settings.Frames.ToString(invariant)),
            Option("--fps", settings.Fps.ToString(invariant)),
            Option("--steps", settings.Steps.ToString(invariant)),
            Option("--sampler", settings.Sampler),
            Option("--shift", settings.Shift.ToString("R", invariant)),
            Option("--guidance", settings.GuidanceScale.ToString("R", invariant)),
            .. settings.HighNoiseGuidanceScale is { } highNoise
                ? new[] { Option("--guidance-high", highNoise.ToString("R", invariant)) }
                : [],
            Option("--seed", settings.Seed.ToString(invariant)),
            Option("--model", settings.Model),
            .. settings.Images.Select(image => Option("--frame-image", string.Create(invariant, $"{image.LatentFrame}=IMAGE"))),
            Option("-o", output),
            .. settings.Prompt.StartsWith('-') ? new[] { "--", Quote(settings.Prompt) } : [],
        ];
        return string.Join(' ', words);
    }

    private static string Option(string name, string value) => value.StartsWith('-') ? $"{name}={Quote(value)}" : $"{name} {Quote(value)}";

    /// <summary>An argument as a shell reads it back. Control characters, which could steer the terminal, are written as escapes.</summary>
    public static string Quote(string argument) =>
        argument.Any(char.IsControl) ? $"$'{string.Concat(argument.Select(Escape))}'"
        : argument.Length > 0 && argument.All(c => PlainCharacters.Contains(c, StringComparison.Ordinal)) ? argument
        : $"'{argument.Replace("'", @"'\''", StringComparison.Ordinal)}'";

    private static string Escape(char c) =>
        c is '\'' or '\\' ? $"\\{c}"
        : char.IsControl(c) ? $"\\u{(int)c:x4}"
        : c.ToString();
}
