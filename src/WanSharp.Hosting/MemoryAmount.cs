namespace WanSharp.Hosting;

/// <summary>A memory limit: a size, or whatever is free.</summary>
/// <param name="Bytes">The size in bytes; null for what is free whenever a clip begins.</param>
public readonly record struct MemoryAmount(long? Bytes)
{
    /// <summary>What is free whenever a clip begins.</summary>
    public static MemoryAmount Auto { get; } = new(null);
}
