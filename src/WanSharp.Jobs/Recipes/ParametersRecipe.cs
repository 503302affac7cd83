using System.Globalization;
using System.Text.RegularExpressions;
using WanSharp.Engine.Requests;

namespace WanSharp.Jobs.Recipes;

/// <summary>
/// Reads the text that A1111 and its kin write: the prompt, a line <c>Negative prompt: …</c>, and a line <c>Steps: 20, Sampler: …</c>.
/// Source: AUTOMATIC1111/stable-diffusion-webui:modules/infotext_utils.py.
/// </summary>
internal static partial class ParametersRecipe
{
    private const string Negative = "Negative prompt:";

    // Without these the clip is made by the model's own.
    private static readonly string[] Needed = ["Sampler", "Shift"];

    // What changes no clip, or is read here.
    private static readonly HashSet<string> Known = new(StringComparer.OrdinalIgnoreCase)
    {
        "Steps",
        "Sampler",
        "Schedule type",
        "CFG scale",
        "Seed",
        "Size",
        "Model",
        "Model hash",
        "Version",
        "Shift",
        "Distilled CFG Scale",
        "Frames",
        "FPS",
        "Lora hashes",
        "VAE",
        "VAE hash",
        "Module 1",
        "Module 2",
        "Created Date",
        "Civitai metadata",
    };

    /// <summary>The recipe of a text; null when it is none.</summary>
    public static Recipe? Read(string text)
    {
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        var last = Array.FindLastIndex(
            lines,
            line => line.StartsWith("Steps: ", StringComparison.Ordinal) || line.Contains(", Steps: ", StringComparison.Ordinal)
        );
        if (last < 0)
        {
            return null;
        }

        var draft = new RecipeDraft();
        var steps = CivitaiResources.Take(string.Join(' ', lines[last..]), draft, out var model);
        var values = Values(steps);
        var head = lines[..last];
        var negative = Array.FindIndex(head, line => line.StartsWith(Negative, StringComparison.Ordinal));
        var prompt = string.Join('\n', negative < 0 ? head : head[..negative]).Trim();
        foreach (Match lora in Loras().Matches(prompt))
        {
            draft.AddLora($"{lora.Groups[1].Value}.safetensors", lora.Groups[2].Success ? lora.Groups[2].Value : "1", expert: null);
        }

        if (values.GetValueOrDefault("Size") is { } size && SettingTexts.TryParseSize(size, out var pixels))
        {
            draft.SetSize(pixels.Width, pixels.Height);
        }

        draft.SetSteps(Number(values, "Steps"));
        draft.SetFrames(Number(values, "Frames"));
        draft.SetFps(Number(values, "FPS"));
        draft.SetSampler(values.GetValueOrDefault("Sampler"), values.GetValueOrDefault("Schedule type"));
        draft.Settings = draft.Settings with
        {
            NegativePrompt =
                negative < 0
                    ? null
                    : PromptForms.A1111.Read(string.Join('\n', head[negative..])[Negative.Length..].Trim(), "negative prompt", draft),
            GuidanceScale = (float?)Number(values, "CFG scale"),
            Shift = Number(values, "Shift"),
            Seed = ulong.TryParse(values.GetValueOrDefault("Seed"), NumberStyles.None, CultureInfo.InvariantCulture, out var seed)
                ? seed
                : null,
        };
        foreach (var name in Needed.Where(name => !values.ContainsKey(name)))
        {
            draft.Miss($"{name}, which is not said: the model's default is taken");
        }

        foreach (var (name, value) in values.Where(one => !Known.Contains(one.Key)))
        {
            draft.Miss($"{name} {value}");
        }

        return draft.Finish("parameters", PromptForms.A1111.Read(Loras().Replace(prompt, "").Trim(), "prompt", draft)) with
        {
            Model = values.GetValueOrDefault("Model") ?? model,
        };
    }

    private static Dictionary<string, string> Values(string line)
    {
        var values = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (Match match in Pairs().Matches(line))
        {
            values.TryAdd(match.Groups[1].Value.Trim(), match.Groups[2].Value.Trim().Trim('"'));
        }

        return values;
    }

    private static double? Number(Dictionary<string, string> values, string name) =>
        double.TryParse(values.GetValueOrDefault(name), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
        && double.IsFinite(number)
            ? number
            : null;

    [GeneratedRegex("""<lora:([^:<>]+)(?::([-+0-9.]+))?[^<>]*>""")]
    private static partial Regex Loras();

    [GeneratedRegex("""([A-Za-z][\w \-/]{0,60}):\s*("(?:\\.|[^"\\])*"|[^,]*)(?:,|$)""")]
    private static partial Regex Pairs();
}
