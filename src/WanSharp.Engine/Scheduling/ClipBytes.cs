using WanSharp.Engine.Strategies;

namespace WanSharp.Engine.Scheduling;

/// <summary>What a clip takes of the memory, by prediction.</summary>
/// <param name="Own">As long as it is under way: latents, text and keys.</param>
/// <param name="Encode">While its prompt is encoded.</param>
/// <param name="Denoise">While it takes a step.</param>
/// <param name="Decode">While a piece of it is decoded.</param>
internal readonly record struct ClipBytes(long Own, long Encode, long Denoise, long Decode)
{
    /// <summary>What its work takes at most at one time.</summary>
    public long Most => Math.Max(Encode, Math.Max(Denoise, Decode));

    public static ClipBytes Of(StrategyFacts facts, Strategy way) =>
        new(facts.Clip, facts.TextActivations, facts.DenoiseActivations(way.TokensAtOnce), facts.DecodeActivations(way.IsTiled));

    /// <summary>What a piece of work takes.</summary>
    public long For(GenerationStage stage) =>
        stage switch
        {
            GenerationStage.Encode => Encode,
            GenerationStage.Denoise => Denoise,
            GenerationStage.Decode => Decode,
            _ => 0,
        };
}
