using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace WanSharp.Jobs.Recipes;

/// <summary>
/// What other programs read in a prompt that is no text for the encoder: weights, choices, embeddings. Each is named; what only marks
/// words is taken out, and the words stay.
/// </summary>
/// <remarks>
/// Sources: Comfy-Org/ComfyUI:comfy/sd1_clip.py (token_weights, escape_important, which Wan's encoder uses, too) and its page's dynamic
/// prompts; kijai/ComfyUI-WanVideoWrapper:nodes.py (parse_prompt_weights); AUTOMATIC1111/stable-diffusion-webui:modules/prompt_parser.py;
/// mcmonkeyprojects/SwarmUI:docs/Features/Prompt Syntax.md.
/// </remarks>
internal sealed partial class PromptForms
{
    private const int MostNamed = 4;
    private const int LongestNamed = 60;

    /// <summary>Those of ComfyUI's own text nodes.</summary>
    public static PromptForms Comfy { get; } = new() { Weighs = true, Escapes = true };

    /// <summary>Those of ComfyUI's own text nodes, as its page keeps them.</summary>
    public static PromptForms ComfyEditor { get; } =
        new()
        {
            Weighs = true,
            Escapes = true,
            IsDynamic = true,
        };

    /// <summary>Those of the wrapper for Wan.</summary>
    public static PromptForms Wrapper { get; } = new();

    /// <summary>Those of A1111 and its kin.</summary>
    public static PromptForms A1111 { get; } =
        new()
        {
            Weighs = true,
            Escapes = true,
            HasBrackets = true,
        };

    /// <summary>Those of SwarmUI, which has ComfyUI's, too.</summary>
    public static PromptForms Swarm { get; } =
        new()
        {
            Weighs = true,
            Escapes = true,
            HasBrackets = true,
        };

    /// <summary>Whether words in parentheses have more weight even where no number says how much.</summary>
    private bool Weighs { get; init; }

    /// <summary>Whether a backslash takes its meaning from a parenthesis.</summary>
    private bool Escapes { get; init; }

    /// <summary>Whether square brackets and BREAK mean something.</summary>
    private bool HasBrackets { get; init; }

    /// <summary>Whether choices in braces and notes are resolved before the text is used.</summary>
    private bool IsDynamic { get; init; }

    /// <summary>A prompt as text.</summary>
    /// <param name="prompt">The prompt as the program has it.</param>
    /// <param name="what">What to call it: prompt, or negative prompt.</param>
    /// <param name="draft">Receives what is not said by the text.</param>
    public string Read(string prompt, string what, RecipeDraft draft)
    {
        // Marks that no text has, in place of what is not a parenthesis.
        var text = Escapes
            ? prompt.Replace("\\(", "\u0001", StringComparison.Ordinal).Replace("\\)", "\u0002", StringComparison.Ordinal)
            : prompt;
        var weighted = new List<string>();
        text = WithoutWeights(text, weighted, depth: 0);
        Name(weighted, $"weighs words in the {what}: they are taken without their weights");
        var marks = Marks().Matches(text).ToLookup(mark => !HasBrackets && LoraMark().IsMatch(mark.Value));
        Name(marks[false], $"of the {what} means something to the program, and is text here: write what it stands for");
        Name(marks[true], $"of the {what} is text to ComfyUI, and names a LoRA here: take it out");
        Name(Embeddings().Matches(text), $"of the {what} is a file of learned words, which cannot be given here");
        if (HasBrackets)
        {
            Name(Brackets().Matches(text), $"of the {what} weighs or changes words, and is text here: write the words");
            Name(Breaks().Matches(text), $"divides the {what} and is text here: leave it out");
        }

        if (IsDynamic)
        {
            Name(Choices().Matches(text), $"of the {what} is a choice that ComfyUI's page makes: write one, or give it to wan batch");
            Name(Notes().Matches(text), $"of the {what} is a note that ComfyUI's page leaves out: remove it");
        }

        return text.Replace('\u0001', '(').Replace('\u0002', ')');

        void Name(IEnumerable<object> found, string why)
        {
            var all = found.Select(one => Short($"{one}")).Distinct().ToList();
            if (all.Count > 0)
            {
                draft.Miss($"{string.Join(", ", all.Take(MostNamed))}{(all.Count > MostNamed ? " and more" : "")} {why}");
            }
        }
    }

    /// <summary>A text without the parentheses that weigh words, and their numbers.</summary>
    private string WithoutWeights(string text, List<string> weighted, int depth)
    {
        var (plain, at) = (new StringBuilder(), 0);
        while (at < text.Length)
        {
            if (text[at] != '(' || EndOf(text, at) is not { } end || depth > 32)
            {
                plain.Append(text[at++]);
                continue;
            }

            var (whole, inner) = (text[at..(end + 1)], text[(at + 1)..end]);
            var colon = inner.LastIndexOf(':');
            var hasNumber = colon > 0 && double.TryParse(inner.AsSpan(colon + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out _);
            if (hasNumber || Weighs)
            {
                if (depth == 0)
                {
                    weighted.Add(whole);
                }

                plain.Append(WithoutWeights(hasNumber ? inner[..colon] : inner, weighted, depth + 1));
            }
            else
            {
                plain.Append('(').Append(WithoutWeights(inner, weighted, depth)).Append(')');
            }

            at = end + 1;
        }

        return plain.ToString();
    }

    /// <summary>Where a parenthesis is closed; null where it is not.</summary>
    private static int? EndOf(string text, int start)
    {
        var open = 0;
        for (var at = start; at < text.Length; at++)
        {
            open += text[at] switch
            {
                '(' => 1,
                ')' => -1,
                _ => 0,
            };
            if (open == 0)
            {
                return at;
            }
        }

        return null;
    }

    private static string Short(string text)
    {
        var plain = text.Replace("\u0001", "\\(", StringComparison.Ordinal).Replace("\u0002", "\\)", StringComparison.Ordinal);
        return plain.Length > LongestNamed ? plain[..LongestNamed] + "…" : plain;
    }

    [GeneratedRegex("<[A-Za-z][A-Za-z0-9_]*(?:\\[[^<>\\]]*\\])?(?::[^<>]*)?>")]
    private static partial Regex Marks();

    [GeneratedRegex("^<(?:lora|lyco):", RegexOptions.IgnoreCase)]
    private static partial Regex LoraMark();

    [GeneratedRegex(@"(?<![A-Za-z])embedding:[^\s,()]+")]
    private static partial Regex Embeddings();

    [GeneratedRegex(@"(?<!\\)\[[^\[\]]+\]")]
    private static partial Regex Brackets();

    [GeneratedRegex(@"(?<![A-Za-z])BREAK(?![A-Za-z])")]
    private static partial Regex Breaks();

    [GeneratedRegex(@"(?<!\\)\{[^{}]*\|[^{}]*\}")]
    private static partial Regex Choices();

    [GeneratedRegex(@"//.*|/\*(?:.|\n)*?\*/")]
    private static partial Regex Notes();
}
