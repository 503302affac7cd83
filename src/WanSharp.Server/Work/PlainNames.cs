using System.Text.RegularExpressions;
using WanSharp.Engine.Requests;
using WanSharp.Jobs;
using WanSharp.Tensors;

namespace WanSharp.Server.Work;

/// <summary>Files of the server are named, never given by paths: in settings, and in the marks of prompts.</summary>
internal static partial class PlainNames
{
    private const int LongestShown = 80;

    /// <summary>Settings that name files of the server.</summary>
    private static readonly string[] Settings = [.. SettingFields.All.Where(field => field.NamesFile).Select(field => field.Name)];

    /// <summary>Refuses a request that names files by their paths: one whose wildcards are chosen, for they may make a path.</summary>
    /// <exception cref="InvalidRequestException">It does.</exception>
    public static void Require(JobRequest request)
    {
        foreach (var text in new[] { request.Prompt, request.Template, request.NegativePrompt })
        {
            RequireInMarks(text ?? "");
        }

        foreach (var name in Settings)
        {
            if (SettingFields.Find(name)!.Print(request) is { } text)
            {
                Require(name, name, text);
            }
        }
    }

    /// <summary>Refuses a setting's value that is a path.</summary>
    /// <param name="setting">The setting.</param>
    /// <param name="written">What the client called it.</param>
    /// <param name="text">The value.</param>
    /// <exception cref="InvalidRequestException">It is one.</exception>
    public static void Require(string setting, string written, string text)
    {
        if (Settings.Contains(setting) && IsPath(text))
        {
            throw new InvalidRequestException(
                written,
                $"The {written} '{Shortened(text)}' is a path: give the name of a file in the server's folders."
            );
        }
    }

    private static void RequireInMarks(string prompt)
    {
        foreach (Match mark in LoraMarks().Matches(prompt))
        {
            if (IsPath(mark.Groups["file"].Value))
            {
                throw new InvalidRequestException(
                    "prompt",
                    $"The prompt names a LoRA by a path ({Shortened(mark.Value)}): give its name alone."
                );
            }
        }
    }

    [GeneratedRegex("<[^<>:]*:(?<file>[^<>]*)>?")]
    private static partial Regex LoraMarks();

    private static bool IsPath(string text) => text.Any(c => c is '/' or '\\') || text.Contains("..", StringComparison.Ordinal);

    private static string Shortened(string text) => text.Length <= LongestShown ? text : text[..LongestShown] + "…";
}
