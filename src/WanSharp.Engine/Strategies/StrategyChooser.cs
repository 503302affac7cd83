using System.Globalization;
using WanSharp.Engine.Requests;
using WanSharp.Runtime.Networks;

namespace WanSharp.Engine.Strategies;

/// <summary>Chooses how a model runs from what it and a clip need and what may be used. Pure.</summary>
/// <remarks>
/// Memory is saved by what costs least time, in this order: the text encoder goes after use; blocks are streamed, the fewer
/// the better; frames are decoded in tiles; blocks take fewer tokens at once.
/// </remarks>
public static class StrategyChooser
{
    // The program, the libraries, and what they hold for themselves.
    private const long Base = 160L << 20;

    private static readonly int[] Pieces = [8192, 2048, 512];

    /// <summary>The fastest strategy within a budget.</summary>
    /// <param name="facts">The model and the clip.</param>
    /// <param name="budget">Bytes that may be used.</param>
    /// <param name="compile">What is one graph; null leaves the choice here.</param>
    /// <exception cref="InvalidRequestException">Nothing fits; the message says what would.</exception>
    public static Strategy Choose(StrategyFacts facts, long budget, CompileMode? compile = null)
    {
        ArgumentNullException.ThrowIfNull(facts);
        var reasons = new List<string>();
        if (Whole(facts, budget, compile, reasons) is { } whole)
        {
            return whole;
        }

        foreach (var economy in Economies(facts))
        {
            var resident = Resident(facts, economy, budget);
            if (resident is null || (!economy.Streams && resident < facts.Blocks))
            {
                continue;
            }

            var bytes = Peak(facts, economy, resident.Value);
            reasons.AddRange(Explain(facts, economy, resident.Value, budget));
            return new Strategy
            {
                Compile = CompileMode.Blocks,
                Blocks = facts.Blocks,
                ResidentBlocks = resident.Value,
                TokensAtOnce = economy.TokensAtOnce,
                IsTiled = economy.IsTiled,
                KeepsTextEncoder = !economy.UnloadsText,
                Bytes = bytes,
                Reasons = reasons,
            };
        }

        var least = Peak(facts, Economies(facts).Last(), resident: 0);
        throw new InvalidRequestException("memory", string.Create(CultureInfo.InvariantCulture,
            $"This clip needs at least {Size(least)} of memory, with every block streamed, and {Size(budget)} may be used: allow more with --memory, or make the clip smaller or shorter."));
    }

    private static Strategy? Whole(StrategyFacts facts, long budget, CompileMode? compile, List<string> reasons)
    {
        var economy = new Economy(UnloadsText: false, Streams: false, IsTiled: false, TokensAtOnce: null);
        var packed = facts.Blocks * facts.ComputedBlock;
        var bytes = Peak(facts with { StoredBlock = facts.ComputedBlock, Widens = false }, economy, facts.Blocks) + (facts.IsPacked ? 0 : packed);
        if (compile == CompileMode.Blocks)
        {
            reasons.Add("blocks: asked for");
            return null;
        }

        if (bytes > budget)
        {
            reasons.Add($"blocks: the whole network, packed, needs {Size(bytes)} of {Size(budget)}");
            return null;
        }

        if (compile is null && !facts.IsPacked)
        {
            reasons.Add("blocks: they start at once; --compile whole packs the network, which later starts find on disk");
            return null;
        }

        return new Strategy
        {
            Compile = CompileMode.Whole,
            Blocks = facts.Blocks,
            ResidentBlocks = facts.Blocks,
            Bytes = bytes,
            Reasons = [compile is null ? "whole network: its packed weights are on disk" : "whole network: asked for"],
        };
    }

    /// <summary>From the fastest to the most frugal.</summary>
    private static IEnumerable<Economy> Economies(StrategyFacts facts)
    {
        yield return new Economy(UnloadsText: false, Streams: false, IsTiled: false, TokensAtOnce: null);
        yield return new Economy(UnloadsText: true, Streams: false, IsTiled: false, TokensAtOnce: null);
        yield return new Economy(UnloadsText: true, Streams: true, IsTiled: false, TokensAtOnce: null);
        yield return new Economy(UnloadsText: true, Streams: true, IsTiled: true, TokensAtOnce: null);
        foreach (var piece in facts.IsOnHost ? Pieces.Where(piece => piece < facts.Tokens) : [])
        {
            yield return new Economy(UnloadsText: true, Streams: true, IsTiled: true, piece);
        }
    }

    /// <summary>How many blocks may stay; null when not even none fits.</summary>
    private static int? Resident(StrategyFacts facts, Economy economy, long budget)
    {
        if (Peak(facts, economy, facts.Blocks) <= budget)
        {
            return facts.Blocks;
        }

        var none = Peak(facts, economy, resident: 0);
        if (none > budget)
        {
            return null;
        }

        // Other stages may be what peaks: then nothing speaks against a block more.
        var room = budget - DenoiseBytes(facts, economy, resident: 0);
        return (int)Math.Min(facts.Blocks - 1, room / Math.Max(1, facts.StoredBlock));
    }

    private static long Peak(StrategyFacts facts, Economy economy, int resident)
    {
        var held = Held(facts, economy);
        var text = Base + facts.Vae + facts.TextEncoder + facts.TextActivations;
        var decode = held + facts.DecodeActivations(economy.IsTiled); // blocks' pages may go meanwhile: they are clean
        return Math.Max(text, Math.Max(DenoiseBytes(facts, economy, resident), decode));
    }

    private static long Held(StrategyFacts facts, Economy economy) => Base + facts.Vae + (economy.UnloadsText ? 0 : facts.TextEncoder);

    private static long DenoiseBytes(StrategyFacts facts, Economy economy, int resident)
    {
        // While a block computes, the next one comes in; a widened one has memory of its own beside what it is read from.
        var streamed = resident < facts.Blocks ? facts.Widens ? facts.StoredBlock : 2 * facts.StoredBlock : 0;
        var widened = facts.Widens ? 2 * facts.ComputedBlock : 0;
        return Held(facts, economy) + facts.OtherWeights + (resident * facts.StoredBlock) + streamed + widened + facts.DenoiseActivations(economy.TokensAtOnce);
    }

    private static IEnumerable<string> Explain(StrategyFacts facts, Economy economy, int resident, long budget)
    {
        var fastest = Economies(facts).First();
        var all = Peak(facts, fastest, facts.Blocks);
        if (all <= budget)
        {
            yield return $"all resident: {Size(all)} of {Size(budget)}";
            yield break;
        }

        yield return $"text encoder: goes after use, for keeping everything would take {Size(all)} of {Size(budget)}";
        if (resident < facts.Blocks)
        {
            yield return $"blocks: {resident} of {facts.Blocks} fit, of {Size(facts.StoredBlock)} each";
        }

        if (economy.IsTiled)
        {
            yield return $"VAE: decoding whole frames takes {Size(facts.DecodeActivations(false))}, in tiles {Size(facts.DecodeActivations(true))}";
        }

        if (economy.TokensAtOnce is { } tokens)
        {
            yield return $"tokens: all {facts.Tokens} at once take {Size(facts.DenoiseActivations(null))}, {tokens} at once {Size(facts.DenoiseActivations(tokens))}";
        }
    }

    private static string Size(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:0.00} GB");

    private sealed record Economy(bool UnloadsText, bool Streams, bool IsTiled, int? TokensAtOnce);
}
