namespace WanSharp.Runtime.Providers;

/// <summary>What is known of a provider on this machine.</summary>
/// <param name="Name">Its short name.</param>
/// <param name="IsThere">Whether it can be used.</param>
/// <param name="IsFast">Whether it is chosen automatically: it computes on its own hardware.</param>
/// <param name="Why">Why it is available, is not, or is not chosen automatically.</param>
/// <param name="HowToGet">How to get it; empty if there is nothing to do.</param>
public sealed record ProviderFact(string Name, bool IsThere, bool IsFast, string Why, string HowToGet = "");
