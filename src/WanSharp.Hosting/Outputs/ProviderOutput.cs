using WanSharp.Runtime;
using WanSharp.Runtime.Providers;

namespace WanSharp.Hosting.Outputs;

/// <summary>An execution provider.</summary>
/// <param name="Name">Its short name.</param>
/// <param name="There">Whether it can be asked for.</param>
/// <param name="Why">Why it is there, is not, or is not chosen.</param>
/// <param name="HowToGet">How to get it; null where there is nothing to do.</param>
/// <param name="Trials">What came of its first use in each type; none before it, and for the processor.</param>
public sealed record ProviderOutput(string Name, bool There, string Why, string? HowToGet, IReadOnlyList<TrialOutput> Trials)
{
    /// <summary>A provider as output.</summary>
    /// <param name="fact">What is known of it.</param>
    /// <param name="trials">What came of its first use in each type.</param>
    public static ProviderOutput From(ProviderFact fact, IReadOnlyList<ProviderTrial> trials)
    {
        ArgumentNullException.ThrowIfNull(fact);
        return new(
            fact.Name,
            fact.IsThere,
            fact.Why,
            fact.HowToGet.Length > 0 ? fact.HowToGet : null,
            [.. trials.Select(TrialOutput.From)]
        );
    }
}
