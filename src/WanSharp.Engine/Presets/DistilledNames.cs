using System.Globalization;
using System.Text.RegularExpressions;
using WanSharp.Engine.Requests;

namespace WanSharp.Engine.Presets;

/// <summary>
/// Names that people give to checkpoints and LoRAs that make clips in few steps. A name proves nothing: whatever is concluded from one
/// is said.
/// </summary>
/// <remarks>
/// A word counts where it begins as words do, and not after a no: "hyperrealism", "style_3000steps" and "non-distilled" say nothing of
/// few steps. Nor does a maker's name: lightx2v publishes the official models, too.
/// </remarks>
internal static partial class DistilledNames
{
    private const int MostSteps = 16; // a number above it is that of a training's steps

    /// <summary>Whether one of them is in a file's name or path.</summary>
    public static bool AreIn(string path) => Names().Matches(path).Any(match => !IsDenied(path, match.Index) && !IsOfTraining(match));

    /// <summary>Whether the name of a LoRA's file is one: those of lightx2v are all distilled.</summary>
    public static bool AreInLora(string file) => Path.GetFileName(file) is var name && (AreIn(name) || Says(name, "lightx2v"));

    /// <summary>Whether a name has a part that begins as a word does, and not after a no; case is ignored.</summary>
    public static bool Says(string name, string part)
    {
        for (
            var at = name.IndexOf(part, StringComparison.OrdinalIgnoreCase);
            at >= 0;
            at = name.IndexOf(part, at + 1, StringComparison.OrdinalIgnoreCase)
        )
        {
            if (Beginning().IsMatch(name, at) && !IsDenied(name, at))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// Whether one of a checkpoint's names, of which the first is its file's, says something. Where one calls it official, the file's own
    /// has to.
    /// </summary>
    public static bool Say(IReadOnlyList<string> names, Func<string, bool> says) =>
        names.Count > 0 && (says(names[0]) || (!names.Any(name => Says(name, "official")) && names.Any(says)));

    /// <summary>Whether LoRAs with such names change all of a model: its one transformer, or both experts.</summary>
    public static bool CoverAll(ClipSettings request, bool hasExperts) =>
        HasOne(request.Loras) || (hasExperts && HasOne(request.HighNoiseLoras) && HasOne(request.LowNoiseLoras));

    private static bool HasOne(LoraUses? uses) => uses?.Any(use => AreInLora(use.File)) == true;

    private static bool IsDenied(string name, int at) => Denial().IsMatch(name[..at]);

    private static bool IsOfTraining(Match match) => match.Groups["steps"] is { Success: true } steps && IsMany(steps.Value);

    private static bool IsMany(string digits) => digits.Length > 2 || int.Parse(digits, CultureInfo.InvariantCulture) is 0 or > MostSteps;

    // Numbers that are followed by "step" and a number are of a training, too: epoch12_step800.
    [GeneratedRegex(
        @"(?:(?<![A-Za-z])|(?<=(?-i:[a-z]))(?=(?-i:[A-Z]))|(?<=(?-i:[A-Z]))(?=(?-i:[A-Z][a-z]))|(?<=\d[bB]|2[vV]))"
            + @"(?:step[-_ ]?distill|(?<!cfg[-_ ]?)distill|caus[-_ ]?vid|fast[-_ ]?wan|accvid|fusi?on[i]?x|self[-_ ]?forcing"
            + @"|hyper(?=[-_. ]?(?:sd|wan))|(?:dmd2?|lcm|rcm|tdm)(?![a-z])"
            + @"|(?:lightning|turbo|rapid|phased)(?:(?!(?-i:[a-z]))|(?=wan|diffusion|aio|lora)))"
            + @"|(?<![0-9])(?<![0-9]\.)(?<steps>[0-9]+)(?:[-_ ]steps?(?![a-z0-9]|[-_ ]?[0-9]{3,}(?![0-9]))|steps?(?!(?-i:[a-z])|[0-9]))",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex Names();

    [GeneratedRegex(@"\G(?:(?<![A-Za-z])|(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=\d[bB]|2[vV]))")]
    private static partial Regex Beginning();

    [GeneratedRegex(@"(?:(?<![A-Za-z])|(?<=[a-z])(?=[NUW]))(?:[Nn]o|NO|[Nn]on|NON|[Uu]n|UN|[Nn]ot|NOT|[Ww]ithout|WITHOUT)[-_. ]?$")]
    private static partial Regex Denial();
}
