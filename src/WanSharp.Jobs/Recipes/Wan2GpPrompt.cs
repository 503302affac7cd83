using System.Text.Json.Nodes;
using WanSharp.Jobs.Comfy;

namespace WanSharp.Jobs.Recipes;

/// <summary>
/// The prompt that Wan2GP gave its text encoder. Source: deepbeepmeep/Wan2GP:shared/utils/prompt_parser.py (split_prompt_units,
/// normalize_multi_prompts_mode).
/// </summary>
internal static class Wan2GpPrompt
{
    private const string Enhanced = "!enhanced!\n";
    private const string Whole = "FG";

    // What it was before it had names.
    private static readonly Dictionary<string, string> OldModes = new(StringComparer.Ordinal)
    {
        [""] = Whole,
        ["0"] = "G",
        ["1"] = "W",
        ["2"] = Whole,
        ["P"] = "PG",
    };

    /// <summary>The first text, without comments: lines that begin with <c>#</c>, such as the prompt before it was enhanced.</summary>
    public static string Read(JsonObject settings, RecipeDraft draft)
    {
        var text = settings["prompt"].Text()!.ReplaceLineEndings("\n");
        text = text.StartsWith(Enhanced, StringComparison.Ordinal) ? text[Enhanced.Length..] : text;
        string[] lines = [.. text.Split('\n').Where(line => !line.TrimStart().StartsWith('#')).Select(line => line.TrimEnd())];
        var mode = ModeOf(settings["multi_prompts_gen_type"]);
        List<string> units =
            mode == Whole ? [string.Join('\n', lines).Trim()]
            : mode.Contains('P', StringComparison.Ordinal) ? Paragraphs(lines)
            : [.. lines.Select(line => line.Trim()).Where(line => line.Length > 0)];
        if (units.Count > 1)
        {
            draft.Miss(
                mode.Contains('W', StringComparison.Ordinal)
                    ? $"each of its {units.Count} windows has its own prompt: the first is taken"
                    : $"its {units.Count} prompts make a clip each: the first is taken"
            );
        }

        return units.FirstOrDefault() ?? "";
    }

    private static string ModeOf(JsonNode? mode)
    {
        var name = (mode?.ToString() ?? Whole).Trim().ToUpperInvariant();
        return OldModes.GetValueOrDefault(name, name);
    }

    private static List<string> Paragraphs(IEnumerable<string> lines)
    {
        List<List<string>> paragraphs =
        [
            [],
        ];
        foreach (var line in lines)
        {
            if (line.Length > 0)
            {
                paragraphs[^1].Add(line);
            }
            else if (paragraphs[^1].Count > 0)
            {
                paragraphs.Add([]);
            }
        }

        return [.. paragraphs.Where(one => one.Count > 0).Select(one => string.Join('\n', one).Trim())];
    }
}
