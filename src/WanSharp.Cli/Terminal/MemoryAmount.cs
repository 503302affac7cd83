namespace WanSharp.Cli.Terminal;

/// <summary>Memory that may be used, as typed: <c>6GB</c>, or <c>auto</c> for what is free.</summary>
/// <param name="Bytes">The size; null for what is free.</param>
internal readonly record struct MemoryAmount(long? Bytes)
{
    /// <summary>What is free whenever a clip begins.</summary>
    public static MemoryAmount Auto { get; } = new(null);
}
