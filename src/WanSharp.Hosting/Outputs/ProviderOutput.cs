namespace WanSharp.Hosting.Outputs;

/// <summary>An execution provider.</summary>
/// <param name="Name">Its short name.</param>
/// <param name="There">Whether it can be asked for.</param>
/// <param name="Why">Why it is there, is not, or is not chosen.</param>
/// <param name="HowToGet">How to get it; null where there is nothing to do.</param>
public sealed record ProviderOutput(string Name, bool There, string Why, string? HowToGet);
