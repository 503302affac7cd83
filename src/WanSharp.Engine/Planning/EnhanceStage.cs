using System.Runtime.CompilerServices;
using WanSharp.Models.Enhancers;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Planning;

/// <summary>What enlarging a clip's frames costs.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class EnhanceStage
{
    private readonly ConditionalWeakTable<EnhancerFile, Upscaler> _upscalers = [];

    /// <summary>What has to be computed; null for a clip whose frames stay as they are.</summary>
    public StageWork? Work(GenerationPlan plan) =>
        Of(plan) is { } upscaler
            ? new StageWork(
                PlanStage.Enhance,
                upscaler.Work.Enlarge(plan.Settings.DecodedSize, plan.UpscaleTiles, plan.Format.Frames),
                new Dictionary<DType, double>()
            )
            : null;

    /// <summary>What networks hold once they are compiled.</summary>
    public long PackedBytes(GenerationPlan plan) => Of(plan) is { } upscaler ? PackedBytes(upscaler.Weights) : 0;

    /// <summary>The tiles that frames are enlarged in; null for whole frames.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="isTight">Whether memory is short.</param>
    public VaeTiling? TilesFor(GenerationPlan plan, bool isTight) => Of(plan)?.Work.TilesFor(plan.Settings.DecodedSize, isTight);

    /// <summary>What a step holds, and what is held as long as the clip is decoded.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="tiles">The tiles; null for whole frames.</param>
    public (long Step, long Held) Bytes(GenerationPlan plan, VaeTiling? tiles) =>
        Of(plan)?.Work.Memory(plan.Settings.DecodedSize, plan.Settings.OutputSize, tiles) ?? (0, 0);

    /// <summary>What the stage adds to a plan's memory.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="decoding">What decoding holds between its steps, which take turns with those of this stage.</param>
    public IEnumerable<MemoryPart> Memory(GenerationPlan plan, long decoding)
    {
        if (Of(plan) is { } upscaler)
        {
            var (step, held) = Bytes(plan, plan.UpscaleTiles);
            yield return new("upscaler, on disk", upscaler.Weights.StoredBytes, MemoryKind.Mapped);
            yield return new("upscaler, packed weights", PackedBytes(upscaler.Weights), MemoryKind.Kept);
            yield return MemoryPart.Activations(PlanStage.Enhance, step + held + decoding);
        }
    }

    /// <summary>Packed for the graph, in addition to what is not a view of the file.</summary>
    private static long PackedBytes(NetworkWeights weights) => weights.GraphBytes + weights.ConvertedBytes;

    private Upscaler? Of(GenerationPlan plan) =>
        plan.Upscaler is { } file ? _upscalers.GetValue(file, static opened => Upscaler.Of(opened)) : null;

    /// <summary>A network, and its weights as they are on disk.</summary>
    private sealed record Upscaler(UpscalerWork Work, NetworkWeights Weights)
    {
        public static Upscaler Of(EnhancerFile file)
        {
            var work = new UpscalerWork(file.Upscaler!);
            return new Upscaler(work, NetworkWeights.Of(file.Weights, work.Weights));
        }
    }
}
