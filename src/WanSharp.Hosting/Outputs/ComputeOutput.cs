namespace WanSharp.Hosting.Outputs;

/// <summary>What products are computed in.</summary>
/// <param name="Type">The element type.</param>
/// <param name="OffersInt8">Whether 8-bit integers are faster.</param>
/// <param name="Why">The reason.</param>
public sealed record ComputeOutput(string Type, bool OffersInt8, string Why);
