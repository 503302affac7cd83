using WanSharp.Engine.Strategies;

namespace WanSharp.Engine.Scheduling;

/// <summary>What a clip takes of the memory, by prediction.</summary>
/// <param name="Own">As long as it is under way: latents, text and keys.</param>
/// <param name="Encode">While its images or a prompt are encoded.</param>
/// <param name="Denoise">While it takes a step.</param>
/// <param name="Decode">While a piece of it is decoded, in addition to what is held.</param>
/// <param name="Held">From the first piece that is decoded to the last: caches, and pictures that wait for their last tile.</param>
/// <param name="Enhance">While a frame, or a tile of one, is enlarged, in addition to what is held.</param>
internal readonly record struct ClipBytes(long Own, long Encode, long Denoise, long Decode, long Held = 0, long Enhance = 0)
{
    /// <summary>What a piece of the work on its frames takes, in addition to what is held.</summary>
    public long Finish => Math.Max(Decode, Enhance);

    /// <summary>What its work takes at most at one time.</summary>
    public long Most => Math.Max(Encode, Math.Max(Denoise, Held + Finish));

    public static ClipBytes Of(StrategyFacts facts, Strategy strategy)
    {
        var (held, enhance) = (facts.DecodeHeld(strategy.IsTiled), facts.EnhanceActivations(strategy.IsTiled));
        return new(
            facts.Clip,
            Math.Max(facts.TextActivations, facts.ImageActivations(strategy.IsTiled)),
            StrategyParts.DenoiseActivations(facts, strategy.TokensAtOnce, strategy.StaticShapes),
            facts.DecodeActivations(strategy.IsTiled) - held,
            held,
            enhance
        );
    }

    /// <summary>What a piece of work takes.</summary>
    public long For(GenerationStage stage) =>
        stage switch
        {
            GenerationStage.Encode => Encode,
            GenerationStage.Denoise => Denoise,
            GenerationStage.Decode => Decode,
            GenerationStage.Enhance => Enhance,
            _ => 0,
        };
}
