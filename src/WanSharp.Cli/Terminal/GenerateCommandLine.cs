using System.Globalization;
using WanSharp.Engine.Requests;

namespace WanSharp.Cli.Terminal;

/// <summary>The command that makes a clip again.</summary>
internal static class GenerateCommandLine
{
    private const string PlainCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=.,:/@%";

    /// <param name="settings">What made the clip.</param>
    /// <param name="file">The clip, for the extension of the new one.</param>
    public static string For(GenerationSettings settings, string file)
    {
        var invariant = CultureInfo.InvariantCulture;
        List<string> arguments =
        [
            "wan", "generate", settings.Prompt, "--negative", settings.NegativePrompt,
            "--size", string.Create(invariant, $"{settings.Width}x{settings.Height}"),
            "--frames", settings.Frames.ToString(invariant), "--fps", settings.Fps.ToString(invariant),
            "--steps", settings.Steps.ToString(invariant), "--sampler", settings.Sampler, "--shift", settings.Shift.ToString("R", invariant),
            "--guidance", settings.GuidanceScale.ToString("R", invariant), "--seed", settings.Seed.ToString(invariant), "--model", settings.Model,
        ];
        foreach (var image in settings.Images)
        {
            arguments.AddRange(["--frame-image", $"{image.LatentFrame}=IMAGE"]);
        }

        return string.Join(' ', [.. arguments.Select(Quote), "-o", Quote($"again{Path.GetExtension(file)}")]);
    }

    /// <summary>An argument as a shell reads it back.</summary>
    private static string Quote(string argument) => argument.Length > 0 && argument.All(c => PlainCharacters.Contains(c, StringComparison.Ordinal))
        ? argument
        : $"'{argument.Replace("'", @"'\''", StringComparison.Ordinal)}'";
}
