using System.Globalization;
using System.Text.Json.Serialization;

namespace WanSharp.Engine.Guidance;

/// <summary>
/// Normalized attention guidance (NAG, Chen et al., arXiv 2505.21179): a negative prompt without a second pass. Each block attends to
/// both prompts, p and n, and continues with α·z + (1 − α)·p, where z = s·p − (s − 1)·n, cut to τ times the length of p (the sum of its
/// absolute values) for each token.
/// </summary>
/// <remarks>
/// Written <c>5</c>, <c>5,3.5</c> or <c>5,3.5,0.5</c>. Source: kijai/ComfyUI-KJNodes:nodes/model_optimization_nodes.py,
/// <c>normalized_attention_guidance</c>; deepbeepmeep/Wan2GP:models/wan/modules/model.py has the same and these defaults.
/// </remarks>
/// <param name="Scale">s: how far away from the negative prompt; above 1.</param>
/// <param name="Tau">τ: how many times as long as p the result may be; at least 1.</param>
/// <param name="Alpha">α: how much of the result is taken, 0 to 1.</param>
[JsonConverter(typeof(TextJson<AttentionGuidance>))]
public sealed record AttentionGuidance(double Scale, double Tau = 3.5, double Alpha = 0.5) : IParsable<AttentionGuidance>
{
    private const double MostScale = 100;

    /// <summary>Whether the numbers are in their ranges.</summary>
    public bool IsValid => Scale is > 1 and <= MostScale && Tau is >= 1 and <= MostScale && Alpha is > 0 and <= 1;

    /// <inheritdoc/>
    public static AttentionGuidance Parse(string s, IFormatProvider? provider) =>
        TryParse(s, provider, out var guidance) ? guidance : throw new FormatException($"'{s}' does not have the form 5,3.5,0.5.");

    /// <inheritdoc/>
    public static bool TryParse(string? s, IFormatProvider? provider, out AttentionGuidance result)
    {
        result = TextNumbers.TryParseAll(s, most: 3) switch
        {
            [var scale] => new AttentionGuidance(scale),
            [var scale, var tau] => new AttentionGuidance(scale, tau),
            [var scale, var tau, var alpha] => new AttentionGuidance(scale, tau, alpha),
            _ => null!,
        };
        return result is not null;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Scale},{Tau},{Alpha}");
}
