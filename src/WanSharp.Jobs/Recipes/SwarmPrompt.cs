using System.Text.RegularExpressions;

namespace WanSharp.Jobs.Recipes;

/// <summary>
/// A prompt of SwarmUI by its sections: each stage of a clip has a text of its own. Source:
/// mcmonkeyprojects/SwarmUI:src/Utils/PromptRegion.cs, src/BuiltinExtensions/ComfyUIBackend/WorkflowGenerator.cs (CreateConditioning).
/// </summary>
internal sealed partial class SwarmPrompt
{
    private const string Everywhere = "";
    private const string Base = "base";
    private const string Refiner = "refiner";
    private const string Video = "video";
    private const string VideoSwap = "videoswap";
    private const string Region = "region";
    private const string Parts = "parts"; // of a picture, each with a stage of its own

    private readonly Dictionary<string, string> _texts = new(StringComparer.Ordinal);
    private readonly List<string> _parts = [];

    public SwarmPrompt(string prompt)
    {
        var (at, section) = (0, Everywhere);
        foreach (Match mark in Sections().Matches(prompt))
        {
            Add(section, prompt[at..mark.Index]);
            at = mark.Index + mark.Length;
            var (name, data) = (mark.Groups["name"].Value, mark.Groups["data"].Value);
            section = name switch
            {
                Region when data == "end" => Everywhere,
                Base or Refiner or Video or VideoSwap => name,
                _ => Parts,
            };
            if (section == Parts)
            {
                _parts.Add(data.Length > 0 ? $"<{name}:{data}>" : $"<{name}>");
            }
        }

        Add(section, prompt[at..]);
    }

    /// <summary>The marks of what is not a text of the whole clip.</summary>
    public IReadOnlyList<string> OfParts => _parts;

    /// <summary>The text of the network that takes the first steps.</summary>
    /// <param name="isFromImage">Whether the clip is made from a picture.</param>
    public string First(bool isFromImage) => isFromImage ? Own(Video) ?? Global : $"{Global} {Own(Base)}".Trim();

    /// <summary>The text of the network that takes over from it.</summary>
    /// <param name="isFromImage">Whether the clip is made from a picture.</param>
    public string Second(bool isFromImage) => isFromImage ? Own(VideoSwap) ?? First(isFromImage) : $"{Global} {Own(Refiner)}".Trim();

    private string Global => Own(Everywhere) ?? "";

    private string? Own(string section) => _texts.GetValueOrDefault(section)?.Trim() is { Length: > 0 } text ? text : null;

    private void Add(string section, string text) => _texts[section] = _texts.GetValueOrDefault(section) + text;

    [GeneratedRegex(
        "<(?<name>base|refiner|videoswap|video|pixeldecoder|region|object|segment|clear|extend)(?::(?<data>[^<>]*?))?(?://cid=-?[0-9]+)?>"
    )]
    private static partial Regex Sections();
}
