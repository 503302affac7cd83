namespace WanSharp.Engine.Strategies;

/// <summary>What is done to save memory.</summary>
/// <param name="UnloadsText">The text encoder goes after use.</param>
/// <param name="StreamsText">The text encoder's blocks come in one after another.</param>
/// <param name="Streams">The transformer's blocks may be streamed.</param>
/// <param name="WidensAhead">Blocks are widened while the ones before them run, which takes memory for two; else between two runs.</param>
/// <param name="IsTiled">Frames are decoded in tiles.</param>
/// <param name="TokensAtOnce">The most tokens that a block takes; null for all.</param>
internal sealed record Economy(bool UnloadsText, bool StreamsText, bool Streams, bool WidensAhead, bool IsTiled, int? TokensAtOnce)
{
    /// <summary>Everything stays, and is computed at once.</summary>
    public static Economy None { get; } =
        new(UnloadsText: false, StreamsText: false, Streams: false, WidensAhead: true, IsTiled: false, TokensAtOnce: null);
}
