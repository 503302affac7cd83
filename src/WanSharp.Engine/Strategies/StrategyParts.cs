using WanSharp.Engine.Memory;

namespace WanSharp.Engine.Strategies;

/// <summary>What each stage of a clip holds in memory under an <see cref="Economy"/>, part by part. Pure.</summary>
internal static class StrategyParts
{
    /// <summary>The program, the libraries, and what they hold for themselves.</summary>
    public const long Base = 160L << 20;

    /// <summary>
    /// What a device's driver, cuBLAS and cuDNN hold of its memory. An assumption: no card was there to measure it.
    /// </summary>
    public const long DeviceBase = 600L << 20;

    /// <summary>
    /// What a run whose memory is planned from an earlier run of the same shapes may take for each byte that is alive at once:
    /// measured 1.6 to 2.0.
    /// </summary>
    public const long Planned = 2;

    /// <summary>Of the stage that holds most.</summary>
    public static IReadOnlyList<MemoryHolding> AtPeak(StrategyFacts facts, Economy economy, int resident) =>
        Largest([OfDenoising(facts, economy, resident), .. OfOthers(facts, economy)]);

    /// <summary>Of the stages that run no transformer, where no block is widened.</summary>
    public static IEnumerable<IReadOnlyList<MemoryHolding>> OfOthers(StrategyFacts facts, Economy economy) =>
        [OfImages(facts, economy), OfText(facts, economy), OfDecoding(facts, economy)];

    /// <summary>While a clip's images are encoded, which comes first.</summary>
    public static IReadOnlyList<MemoryHolding> OfImages(StrategyFacts facts, Economy economy) =>
        facts.ImageEncoders == 0
            ? []
            :
            [
                facts.Program,
                new("VAE", facts.Vae),
                new("image encoders", facts.ImageEncoders),
                .. economy.UnloadsEncoders ? Array.Empty<MemoryHolding>() : [new("text encoder", facts.TextEncoder)],
                new("activations", facts.ImageActivations(economy.IsTiled)),
            ];

    /// <summary>While the prompts are encoded: the first use of the model, so that nothing else is there.</summary>
    public static IReadOnlyList<MemoryHolding> OfText(StrategyFacts facts, Economy economy) =>
        [
            facts.Program,
            new("VAE", facts.Vae),
            .. economy.UnloadsEncoders ? [] : Images(facts),
            economy.StreamsText
                ? new("text encoder, a block after the other", facts.StreamedTextEncoder)
                : new("text encoder", facts.TextEncoder),
            new("activations", facts.TextActivations),
        ];

    /// <summary>While steps are taken.</summary>
    public static IReadOnlyList<MemoryHolding> OfDenoising(StrategyFacts facts, Economy economy, int resident) =>
        [
            .. Weights(facts, economy, resident),
            new("latents, text and keys", facts.Clip),
            new("activations", DenoiseActivations(facts, economy.TokensAtOnce, economy.IsPlanned)),
        ];

    /// <summary>While frames are decoded: the system may drop the blocks' pages meanwhile, because they are clean.</summary>
    public static IReadOnlyList<MemoryHolding> OfDecoding(StrategyFacts facts, Economy economy) =>
        [facts.Program, .. Encoders(facts, economy), new("VAE", facts.Vae), new("activations", DecodeActivations(facts, economy.IsTiled))];

    /// <summary>What denoising holds in addition to clips and activations: the program and weights.</summary>
    public static IReadOnlyList<MemoryHolding> Weights(StrategyFacts facts, Economy economy, int resident)
    {
        // While a block computes, the next one comes in; a widened one has its own memory in addition to what it is read from.
        var streamed =
            resident < facts.Blocks
                ? facts.WidensHere
                    ? facts.LargestStoredBlock
                    : 2 * facts.LargestResidentBlock
                : 0;
        var widened = WidenedBytes(facts, economy.WidensAhead);
        MemoryHolding[] parts =
        [
            facts.Program,
            .. Encoders(facts, economy),
            new("VAE", facts.Vae),
            new("weights outside the blocks", facts.OtherWeights),
            new($"{resident} resident blocks", resident * facts.ResidentBlock),
            new("blocks that come in", streamed),
            new("widened blocks", widened),
        ];
        return [.. parts.Where(part => part.Bytes > 0)];
    }

    /// <summary>What widened blocks hold: there is room for the largest.</summary>
    public static long WidenedBytes(StrategyFacts facts, bool widensAhead) =>
        facts.WidensHere ? (widensAhead ? 2 : 1) * facts.LargestComputedBlock : 0;

    /// <summary>With the whole network packed.</summary>
    public static IReadOnlyList<MemoryHolding> OfWhole(StrategyFacts facts)
    {
        var packed = facts.Blocks * facts.ComputedBlock;
        MemoryHolding[] denoising =
        [
            facts.Program,
            .. Encoders(facts, Economy.None),
            new("VAE", facts.Vae),
            new("weights outside the blocks", facts.OtherWeights),
            new("packed network", packed),
            new("the network while it is packed", facts.IsPacked ? 0 : packed),
            new("latents, text and keys", facts.Clip),
            new("activations", facts.DenoiseActivations(null)),
        ];
        return Largest([.. OfOthers(facts, Economy.None), [.. denoising.Where(part => part.Bytes > 0)]]);
    }

    /// <summary>What a forward pass needs; with a plan of its memory, what that may take.</summary>
    public static long DenoiseActivations(StrategyFacts facts, int? tokensAtOnce, bool isPlanned) =>
        facts.DenoiseActivations(tokensAtOnce) * (isPlanned ? Planned : 1);

    /// <summary>What decoding and enlarging frames need, which take turns, with what is held meanwhile.</summary>
    private static long DecodeActivations(StrategyFacts facts, bool isTiled) =>
        Math.Max(facts.DecodeActivations(isTiled), facts.DecodeHeld(isTiled) + facts.EnhanceActivations(isTiled));

    private static IReadOnlyList<MemoryHolding> Largest(IEnumerable<IReadOnlyList<MemoryHolding>> stages) =>
        stages.MaxBy(parts => parts.Sum(part => part.Bytes))!;

    private static IEnumerable<MemoryHolding> Encoders(StrategyFacts facts, Economy economy) =>
        economy.UnloadsEncoders ? [] : [new("text encoder", facts.TextEncoder), .. Images(facts)];

    private static MemoryHolding[] Images(StrategyFacts facts) =>
        facts.ImageEncoders == 0 ? [] : [new("image encoders", facts.ImageEncoders)];
}
