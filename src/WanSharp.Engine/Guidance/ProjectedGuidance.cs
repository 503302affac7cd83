using System.Globalization;
using System.Text.Json.Serialization;

namespace WanSharp.Engine.Guidance;

/// <summary>
/// Adaptive projected guidance (APG, Sadat et al., arXiv 2410.02416): large scales without oversaturation. What leads from the negative
/// prompt to the prompt is averaged over the steps, cut to a length, and taken only as far as it is orthogonal to the prompt's velocity.
/// </summary>
/// <remarks>Written <c>55</c>, <c>55,-0.75</c> or <c>55,-0.75,0</c>. Defaults: deepbeepmeep/Wan2GP's (models/wan/any2video.py).</remarks>
/// <param name="Norm">The longest that the direction may be, over all latents; 0 for no limit.</param>
/// <param name="Momentum">How much of the earlier steps' direction is added, -1 to 1 (both excluded); negative takes it away.</param>
/// <param name="Eta">How much of the part along the prompt's velocity is kept: 0 none, 1 all.</param>
[JsonConverter(typeof(TextJson<ProjectedGuidance>))]
public sealed record ProjectedGuidance(double Norm, double Momentum = -0.75, double Eta = 0) : IParsable<ProjectedGuidance>
{
    private const double MostNorm = 1e6;
    private const double MostEta = 10;

    /// <summary>Whether the numbers are in their ranges.</summary>
    public bool IsValid => Norm is >= 0 and <= MostNorm && Momentum is > -1 and < 1 && Eta is >= -MostEta and <= MostEta;

    /// <inheritdoc/>
    public static ProjectedGuidance Parse(string s, IFormatProvider? provider) =>
        TryParse(s, provider, out var guidance) ? guidance : throw new FormatException($"'{s}' does not have the form 55,-0.75,0.");

    /// <inheritdoc/>
    public static bool TryParse(string? s, IFormatProvider? provider, out ProjectedGuidance result)
    {
        result = TextNumbers.TryParseAll(s, most: 3) switch
        {
            [var norm] => new ProjectedGuidance(norm),
            [var norm, var momentum] => new ProjectedGuidance(norm, momentum),
            [var norm, var momentum, var eta] => new ProjectedGuidance(norm, momentum, eta),
            _ => null!,
        };
        return result is not null;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Norm},{Momentum},{Eta}");
}
