namespace WanSharp.Hosting.Outputs;

/// <summary>What of a transformer is prepared.</summary>
/// <param name="Int8">Its blocks in 8-bit integers.</param>
public sealed record PreparedOutput(PreparedBlocksOutput Int8);
