namespace WanSharp.Engine.Costs;

/// <summary>What one part of a generation holds in memory.</summary>
/// <param name="Name">The part, in a few words.</param>
/// <param name="Bytes">How much.</param>
/// <param name="Kind">The kind of memory.</param>
/// <param name="Stage">The stage during which it is held; null if it is held for longer.</param>
public sealed record MemoryPart(string Name, long Bytes, MemoryKind Kind, PlanStage? Stage = null)
{
    /// <summary>What runs of a stage hold in addition to weights.</summary>
    internal static MemoryPart Activations(PlanStage stage, long bytes)
    {
        var what = stage is PlanStage.Text or PlanStage.Denoise ? "activations" : "activations, caches and pictures";
        return new($"{stage.ToString().ToLowerInvariant()}, {what}", bytes, MemoryKind.Stage, stage);
    }

    /// <summary>
    /// A network's converted weights. Copies of a small network are kept; of a large one there is memory for two blocks while its
    /// stage runs, or for a matrix.
    /// </summary>
    internal static MemoryPart Converted(string network, NetworkWeights weights, long blockBytes, PlanStage stage) =>
        weights.AreKept
            ? new($"{network}, widened weights", weights.ConvertedBytes, MemoryKind.Kept)
            : new(
                $"{network}, widened weights",
                weights.WidensBlocks ? 2 * blockBytes : weights.WidenedMatrixBytes,
                MemoryKind.Stage,
                stage
            );
}
