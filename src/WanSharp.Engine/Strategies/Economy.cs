namespace WanSharp.Engine.Strategies;

/// <summary>What is done to save memory.</summary>
/// <param name="UnloadsEncoders">The encoders of text and of images go after use.</param>
/// <param name="StreamsText">The text encoder's blocks come in one after another.</param>
/// <param name="Streams">The transformer's blocks may be streamed.</param>
/// <param name="WidensAhead">Blocks are widened while the ones before them run, which takes memory for two; else between two runs.</param>
/// <param name="IsTiled">Frames are decoded, and images encoded, in tiles.</param>
/// <param name="TokensAtOnce">The most tokens that a block takes; null for all.</param>
internal sealed record Economy(bool UnloadsEncoders, bool StreamsText, bool Streams, bool WidensAhead, bool IsTiled, int? TokensAtOnce)
{
    /// <summary>Whether the memory of a forward pass is planned beforehand, for graphs of fixed shapes.</summary>
    public bool IsPlanned { get; init; }

    /// <summary>Everything stays, and is computed at once.</summary>
    public static Economy None { get; } =
        new(UnloadsEncoders: false, StreamsText: false, Streams: false, WidensAhead: true, IsTiled: false, TokensAtOnce: null);
}
