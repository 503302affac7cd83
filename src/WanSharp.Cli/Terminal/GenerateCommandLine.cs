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
            .. SettingFields.CommandLine(settings.ToRequested()).Select(setting => Option(setting.Option, setting.Value)),
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
