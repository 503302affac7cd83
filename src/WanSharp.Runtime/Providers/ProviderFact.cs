namespace WanSharp.Runtime.Providers;

/// <summary>What is known of a provider on this machine.</summary>
/// <param name="Name">Its short name.</param>
/// <param name="IsThere">Whether it can be asked for.</param>
/// <param name="IsFast">Whether it is worth choosing unasked: it computes on hardware of its own.</param>
/// <param name="Why">Why it is there, is not, or is not chosen unasked.</param>
/// <param name="HowToGet">What to do to have it; empty when there is nothing to do.</param>
public sealed record ProviderFact(string Name, bool IsThere, bool IsFast, string Why, string HowToGet = "");
