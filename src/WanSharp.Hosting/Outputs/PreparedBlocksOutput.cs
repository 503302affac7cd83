namespace WanSharp.Hosting.Outputs;

/// <summary>How much of a transformer is prepared.</summary>
/// <param name="Blocks">Blocks that are.</param>
/// <param name="Of">All blocks.</param>
/// <param name="Bytes">Their size in the cache.</param>
public sealed record PreparedBlocksOutput(int Blocks, int Of, long Bytes);
