using System.Text.RegularExpressions;
using WanSharp.Engine.Requests;

namespace WanSharp.Engine.Presets;

/// <summary>
/// Names that people give to checkpoints and LoRAs that make clips in few steps. A name proves nothing: it is used for advice
/// alone.
/// </summary>
internal static partial class DistilledNames
{
    /// <summary>Whether one of them is in a file's name or path.</summary>
    public static bool AreIn(string path) => Names().IsMatch(path);

    /// <summary>Whether LoRAs with such names change all of a model: its one transformer, or both experts.</summary>
    public static bool CoverAll(ClipSettings request, bool hasExperts) =>
        HasOne(request.Loras) || (hasExperts && HasOne(request.HighNoiseLoras) && HasOne(request.LowNoiseLoras));

    private static bool HasOne(LoraUses? uses) => uses?.Any(use => AreIn(use.File)) == true;

    [GeneratedRegex(
        @"lightx2v|lightning|distill|caus[_\- ]?vid|fast[_\- ]?wan|accvid|fusi?on[i]?x|turbo|rapid|hyper|phased|self[_\- ]?forcing"
            + @"|(?<![a-z])(dmd2?|lcm|rcm|tdm)(?![a-z])|\d+[_\- ]?steps?(?![a-z])",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex Names();
}
