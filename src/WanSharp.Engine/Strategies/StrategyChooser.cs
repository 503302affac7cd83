using System.Globalization;
using WanSharp.Engine.Memory;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Strategies;

/// <summary>Chooses how a model runs, from what it and the clip need and the memory that may be used. Pure.</summary>
/// <remarks>
/// Memory is saved in the order of what costs least time: the encoders of text and images are unloaded after use; blocks are
/// streamed, as few as possible; blocks are widened one at a time; frames are decoded in tiles; blocks take fewer tokens at once.
/// </remarks>
public static class StrategyChooser
{
    private static readonly int[] Pieces = [8192, 2048, 512];

    /// <summary>The fastest strategy within a budget.</summary>
    /// <param name="facts">The model and the clip.</param>
    /// <param name="budget">The bytes that may be used.</param>
    /// <param name="compile">How the transformer is split into graphs; null to choose it here.</param>
    /// <param name="staticShapes">Whether graphs are compiled separately for each shape.</param>
    /// <exception cref="InvalidRequestException">Nothing fits; the message says what would.</exception>
    public static Strategy Choose(StrategyFacts facts, long budget, CompileMode? compile = null, bool staticShapes = false)
    {
        ArgumentNullException.ThrowIfNull(facts);
        if (facts.RunsInBlocks)
        {
            var blocks = Choose(facts, budget, CompileMode.Blocks);
            return blocks with { Reasons = ["blocks: what the clip asks for runs in blocks alone", .. blocks.Reasons.Skip(1)] };
        }

        var strategy = Choose(facts, budget, compile);
        return staticShapes ? WithFixedShapes(facts, strategy, budget) : strategy;
    }

    private static Strategy WithFixedShapes(StrategyFacts facts, Strategy strategy, long budget)
    {
        if (strategy.TokensAtOnce is not null)
        {
            return strategy with { Reasons = [.. strategy.Reasons, "fixed shapes: not for a clip whose tokens are processed in chunks"] };
        }

        var parts = PartsOf(facts, strategy with { StaticShapes = true });
        var bytes = Sum(parts);
        return bytes <= budget
            ? strategy with
            {
                StaticShapes = true,
                Parts = parts,
                Bytes = bytes,
                Reasons = [.. strategy.Reasons, "fixed shapes: each size compiles graphs of its own, whose memory is planned beforehand"],
            }
            : strategy with
            {
                Reasons =
                [
                    .. strategy.Reasons,
                    "fixed shapes: not here, since the memory of a run, planned beforehand, may take "
                        + ByteSize.Text(StrategyParts.DenoiseActivations(facts, null, isPlanned: true)),
                ],
            };
    }

    private static Strategy Choose(StrategyFacts facts, long budget, CompileMode? compile)
    {
        var reasons = new List<string>();
        if (Whole(facts, budget, compile, reasons) is { } whole)
        {
            return whole;
        }

        var economies = Economies(facts, budget).ToList();
        foreach (var economy in economies)
        {
            if (Resident(facts, economy, budget) is { } resident && (economy.Streams || resident == facts.Blocks))
            {
                reasons.AddRange(Explain(facts, economy, resident, budget));
                return Build(facts, economy, resident, compile, reasons);
            }
        }

        var least = StrategyParts.AtPeak(facts, economies[^1], resident: 0);
        throw new InvalidRequestException(
            "memory",
            string.Create(
                CultureInfo.InvariantCulture,
                $"This clip needs at least {ByteSize.Text(Sum(least))} of memory, with every block streamed "
                    + $"({string.Join(", ", least.Select(part => $"{part.Name} {ByteSize.Text(part.Bytes)}"))}), and "
                    + $"{ByteSize.Text(budget)} may be used: allow more with --memory, or make the clip smaller or shorter."
            )
        );
    }

    /// <summary>
    /// Checks that the host has room for what it holds while a device computes: a block on its way there, both as it is stored and
    /// as it is computed with.
    /// </summary>
    /// <param name="facts">The model and the clip.</param>
    /// <param name="host">What the host may hold.</param>
    /// <exception cref="InvalidRequestException">It does not.</exception>
    public static void RequireHost(StrategyFacts facts, MemoryAllowance host)
    {
        ArgumentNullException.ThrowIfNull(facts);
        var least = StrategyParts.Base + facts.LargestStoredBlock + facts.LargestComputedBlock + facts.Clip;
        if (!facts.IsOnHost && least > host.Bytes)
        {
            throw new InvalidRequestException(
                "host-memory",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"The host needs at least {ByteSize.Text(least)} of memory in addition to the device, and "
                        + $"{ByteSize.Text(host.Bytes)} may be used ({host.Why}): allow more with --host-memory."
                )
            );
        }
    }

    /// <summary>What a clip holds under a strategy that was chosen for another clip.</summary>
    internal static long BytesOf(StrategyFacts facts, Strategy strategy) => Sum(PartsOf(facts, strategy));

    /// <summary>The peak of the stages that run no transformer, without the program.</summary>
    internal static long OtherStagesBytes(StrategyFacts facts, Strategy strategy) =>
        StrategyParts.OfOthers(facts, EconomyOf(strategy)).Max(Sum) - facts.Program.Bytes;

    private static IReadOnlyList<MemoryHolding> PartsOf(StrategyFacts facts, Strategy strategy)
    {
        if (strategy.Compile == CompileMode.Whole)
        {
            return StrategyParts.OfWhole(facts);
        }

        return StrategyParts.AtPeak(facts, EconomyOf(strategy), strategy.ResidentBlocks);
    }

    private static Economy EconomyOf(Strategy strategy) =>
        new(
            !strategy.KeepsTextEncoder,
            strategy.StreamsTextEncoder,
            strategy.ResidentBlocks < strategy.Blocks,
            strategy.WidensAhead,
            strategy.IsTiled,
            strategy.TokensAtOnce
        )
        {
            IsPlanned = strategy.StaticShapes,
        };

    private static Strategy Build(StrategyFacts facts, Economy economy, int resident, CompileMode? compile, List<string> reasons)
    {
        var parts = StrategyParts.AtPeak(facts, economy, resident);
        return new Strategy
        {
            Compile = compile == CompileMode.Off ? CompileMode.Off : CompileMode.Blocks,
            Blocks = facts.Blocks,
            ResidentBlocks = resident,
            WidensAhead = economy.WidensAhead,
            TokensAtOnce = economy.TokensAtOnce,
            IsTiled = economy.IsTiled,
            KeepsTextEncoder = !economy.UnloadsEncoders,
            StreamsTextEncoder = economy.StreamsText,
            Bytes = Sum(parts),
            Parts = parts,
            WeightBytes = Sum(StrategyParts.Weights(facts, economy, resident)),
            PrivateBytes = facts.Program.Bytes + StrategyParts.WidenedBytes(facts, economy.WidensAhead),
            Reasons = reasons,
        };
    }

    private static Strategy? Whole(StrategyFacts facts, long budget, CompileMode? compile, List<string> reasons)
    {
        if (compile is null && !facts.IsOnHost)
        {
            return null; // what is packed on disk is packed for a processor
        }

        if (compile is CompileMode.Blocks or CompileMode.Off)
        {
            reasons.Add(compile == CompileMode.Off ? "blocks without optimization, as requested" : "blocks: asked for");
            return null;
        }

        var parts = StrategyParts.OfWhole(facts);
        var bytes = Sum(parts);
        if (bytes > budget)
        {
            reasons.Add($"blocks: the whole network, packed, needs {ByteSize.Text(bytes)} (budget {ByteSize.Text(budget)})");
            return null;
        }

        if (compile is null && !facts.IsPacked)
        {
            reasons.Add("blocks: they start at once; --compile whole packs the network and keeps it on disk for later starts");
            return null;
        }

        return new Strategy
        {
            Compile = CompileMode.Whole,
            Blocks = facts.Blocks,
            ResidentBlocks = facts.Blocks,
            Bytes = bytes,
            Parts = parts,
            WeightBytes =
                facts.Program.Bytes
                + facts.TextEncoder
                + facts.ImageEncoders
                + facts.Vae
                + facts.OtherWeights
                + (facts.Blocks * facts.ComputedBlock),
            PrivateBytes = facts.Program.Bytes,
            Reasons = [compile is null ? "whole network: its packed weights are on disk" : "whole network: asked for"],
        };
    }

    /// <summary>From the fastest to the most frugal.</summary>
    private static IEnumerable<Economy> Economies(StrategyFacts facts, long budget)
    {
        yield return Economy.None;
        var frugal = Economy.None with { UnloadsEncoders = true };
        frugal = frugal with { StreamsText = Sum(StrategyParts.OfText(facts, frugal)) > budget };
        yield return frugal;
        frugal = frugal with { Streams = true };
        yield return frugal;
        yield return frugal with
        {
            IsTiled = facts.MayTile,
        };
        if (facts.WidensHere)
        {
            frugal = frugal with { WidensAhead = false };
            yield return frugal;
            yield return frugal with
            {
                IsTiled = facts.MayTile,
            };
        }

        foreach (var piece in facts.IsOnHost ? Pieces.Where(piece => piece < facts.Tokens) : [])
        {
            yield return frugal with
            {
                IsTiled = facts.MayTile,
                TokensAtOnce = piece,
            };
        }
    }

    /// <summary>The number of blocks that can stay resident, or null if the clip does not fit even with none.</summary>
    private static int? Resident(StrategyFacts facts, Economy economy, long budget)
    {
        if (Sum(StrategyParts.AtPeak(facts, economy, facts.Blocks)) <= budget)
        {
            return facts.Blocks;
        }

        if (Sum(StrategyParts.AtPeak(facts, economy, resident: 0)) > budget)
        {
            return null;
        }

        // If another stage sets the peak, there may be room for more blocks.
        var room = budget - Sum(StrategyParts.OfDenoising(facts, economy, resident: 0));
        return (int)Math.Min(facts.Blocks - 1, room / Math.Max(1, facts.ResidentBlock));
    }

    private static IEnumerable<string> Explain(StrategyFacts facts, Economy economy, int resident, long budget)
    {
        var all = Sum(StrategyParts.AtPeak(facts, Economy.None, facts.Blocks));
        if (all <= budget)
        {
            yield return $"all resident: {ByteSize.Text(all)} of {ByteSize.Text(budget)}";
            yield break;
        }

        yield return (facts.ImageEncoders > 0 ? "encoders" : "text encoder")
            + $": unloaded after use (keeping everything would need {ByteSize.Text(all)}; budget {ByteSize.Text(budget)})";
        if (economy.StreamsText)
        {
            yield return $"text encoder: streamed block by block ({ByteSize.Text(facts.TextEncoder)} are too large to load whole)";
        }

        if (resident < facts.Blocks)
        {
            yield return $"blocks: {resident} of {facts.Blocks} fit, of {ByteSize.Text(facts.ResidentBlock)} each; the others "
                + "come in while the ones before them compute";
        }

        if (!economy.WidensAhead)
        {
            yield return $"blocks: widened one at a time (two would need "
                + $"{ByteSize.Text(StrategyParts.WidenedBytes(facts, widensAhead: true))})";
        }

        if (economy.IsTiled)
        {
            yield return $"VAE: decoding whole frames takes {ByteSize.Text(facts.DecodeActivations(false))}, in tiles "
                + $"{ByteSize.Text(facts.DecodeActivations(true))}";
            if (facts.ImageEncoders > 0)
            {
                yield return $"VAE: encoding images in whole frames takes {ByteSize.Text(facts.ImageActivations(false))}, in tiles "
                    + $"{ByteSize.Text(facts.ImageActivations(true))}";
            }
        }

        if (economy.TokensAtOnce is { } tokens)
        {
            yield return $"tokens: all {facts.Tokens} at once take {ByteSize.Text(facts.DenoiseActivations(null))}, {tokens} at "
                + $"once {ByteSize.Text(facts.DenoiseActivations(tokens))}";
        }
    }

    private static long Sum(IEnumerable<MemoryHolding> parts) => parts.Sum(part => part.Bytes);
}
