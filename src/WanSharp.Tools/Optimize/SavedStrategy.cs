using WanSharp.Engine.Strategies;
using WanSharp.Runtime.Networks;
using static System.FormattableString;

namespace WanSharp.Tools.Optimize;

/// <summary>What of a strategy a clip's time depends on.</summary>
/// <param name="IsWhole">Whether the transformer ran as one graph.</param>
/// <param name="Streamed">The blocks whose weights were read in each pass.</param>
/// <param name="Blocks">All blocks.</param>
/// <param name="TokensAtOnce">The most tokens that a block took at once; null for all.</param>
public sealed record SavedStrategy(bool IsWhole, int Streamed, int Blocks, int? TokensAtOnce)
{
    private const int Noticeable = 20; // of so many blocks one more that is streamed changes the time by less than times vary

    /// <summary>What a clip's time depends on; null where memory has no limit.</summary>
    internal static SavedStrategy? Of(Strategy? strategy) =>
        strategy is null
            ? null
            : new SavedStrategy(
                strategy.Compile == CompileMode.Whole,
                strategy.Blocks - strategy.ResidentBlocks,
                strategy.Blocks,
                strategy.TokensAtOnce
            );

    /// <summary>Why clips take longer now than they took then: what is less in memory. Null where they do not.</summary>
    /// <param name="then">How they ran when they were timed; null where memory had no limit.</param>
    /// <param name="now">How they would run now, likewise.</param>
    internal static string? Slower(SavedStrategy? then, SavedStrategy? now) =>
        now is null ? null
        : now.Streamed > (then?.Streamed ?? 0) + (now.Blocks / Noticeable)
            ? Invariant($"{now.Streamed} of {now.Blocks} blocks would be streamed, where {then?.Streamed ?? 0} were when it was timed")
        : now.TokensAtOnce is { } tokens && !(then?.TokensAtOnce <= tokens)
            ? Invariant($"a block would take {tokens} tokens at once, and took more when it was timed")
        : then is { IsWhole: true } && !now.IsWhole ? "the network would run block by block, and ran as a whole when it was timed"
        : null;
}
