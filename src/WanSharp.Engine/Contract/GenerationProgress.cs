namespace WanSharp.Engine;

/// <summary>How far a generation has come.</summary>
/// <param name="Stage">What runs now.</param>
/// <param name="Done">Units of the stage that are done: denoise steps, frames decoded; while loading, blocks whose weights are brought
/// into another form, which is done once.</param>
/// <param name="Total">Units that the stage has.</param>
public readonly record struct GenerationProgress(GenerationStage Stage, int Done, int Total);
