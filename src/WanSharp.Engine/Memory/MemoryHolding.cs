namespace WanSharp.Engine.Memory;

/// <summary>What one part of the engine holds in memory now.</summary>
/// <param name="Name">The part, in a few words.</param>
/// <param name="Bytes">How much.</param>
public sealed record MemoryHolding(string Name, long Bytes);
