using System.Runtime.CompilerServices;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Graphs;
using WanSharp.Models.Enhancers;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Costs;

/// <summary>What making more frames of a clip's, and larger ones, costs.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class EnhanceStage
{
    // Allowances, not measured: the program, and for each pixel of a frame what minterpolate keeps of some frames.
    private const long FfmpegBytes = 60L << 20;
    private const long FfmpegPixelBytes = 160;

    private readonly ConditionalWeakTable<EnhancerFile, Enlarging> _upscalers = [];
    private readonly ConditionalWeakTable<EnhancerFile, Between> _interpolators = [];

    /// <summary>What has to be computed; null for a clip whose frames stay as they are.</summary>
    public StageWork? Work(GenerationPlan plan)
    {
        var between = InterpolatorOf(plan)?.Work.Make(plan.Settings.DecodedSize, MadeFrames(plan)) ?? GraphWork.None;
        var enlarging = UpscalerOf(plan)?.Work.Enlarge(plan.Settings.DecodedSize, plan.UpscaleTiles, plan.Format.Frames) ?? GraphWork.None;
        return plan is { Interpolator: null, Upscaler: null }
            ? null
            : new StageWork(PlanStage.Enhance, between + enlarging, new Dictionary<DType, double>());
    }

    /// <summary>What networks hold once they are compiled.</summary>
    public long PackedBytes(GenerationPlan plan) => PackedBytes(InterpolatorOf(plan)?.Weights) + PackedBytes(UpscalerOf(plan)?.Weights);

    /// <summary>The tiles that frames are enlarged in; null for whole frames.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="isTight">Whether memory is short.</param>
    public VaeTiling? TilesFor(GenerationPlan plan, bool isTight) => UpscalerOf(plan)?.Work.TilesFor(plan.Settings.DecodedSize, isTight);

    /// <summary>What a step holds, and what is held as long as the clip is decoded.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="tiles">The tiles; null for whole frames.</param>
    public (long Step, long Held) Bytes(GenerationPlan plan, VaeTiling? tiles)
    {
        var size = plan.Settings.DecodedSize;
        var enlarging = UpscalerOf(plan)?.Work.Memory(size, plan.Settings.OutputSize, tiles) ?? (0, 0);
        var between = InterpolatorOf(plan)?.Work.Memory(size) ?? (0, plan.Settings.Interpolate is null ? 0 : BytesOfFfmpeg(size));
        return (Math.Max(between.Step, enlarging.Step), between.Held + enlarging.Held); // they take turns
    }

    /// <summary>What the stage adds to a plan's memory.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="decoding">What decoding holds between its steps, which take turns with those of this stage.</param>
    public IEnumerable<MemoryPart> Memory(GenerationPlan plan, long decoding)
    {
        var (step, held) = Bytes(plan, plan.UpscaleTiles);
        (string Name, NetworkWeights? Weights)[] networks =
        [
            ("interpolator", InterpolatorOf(plan)?.Weights),
            ("upscaler", UpscalerOf(plan)?.Weights),
        ];
        foreach (var (name, weights) in networks.Where(network => network.Weights is not null))
        {
            yield return new($"{name}, on disk", weights!.StoredBytes, MemoryKind.Mapped);
            yield return new($"{name}, packed weights", PackedBytes(weights), MemoryKind.Kept);
        }

        if (step + held > 0)
        {
            yield return MemoryPart.Activations(PlanStage.Enhance, step + held + decoding);
        }
    }

    /// <summary>How many frames lie between given ones: where the rates are not whole multiples, few of the given ones are shown.</summary>
    private static int MadeFrames(GenerationPlan plan)
    {
        var times = new FrameTimes(plan.Settings.ModelFps, plan.Settings.Fps);
        return Enumerable.Range(0, plan.Format.Frames).Count(frame => times.At(frame).Share != 0);
    }

    private static long BytesOfFfmpeg(ClipSize size) => FfmpegBytes + (FfmpegPixelBytes * size.Width * size.Height);

    /// <summary>Packed for the graph, in addition to what is not a view of the file.</summary>
    private static long PackedBytes(NetworkWeights? weights) => weights is null ? 0 : weights.GraphBytes + weights.ConvertedBytes;

    private Enlarging? UpscalerOf(GenerationPlan plan) =>
        plan.Upscaler is { } file ? _upscalers.GetValue(file, static opened => Enlarging.Of(opened)) : null;

    private Between? InterpolatorOf(GenerationPlan plan) =>
        plan.Interpolator is { } file ? _interpolators.GetValue(file, static opened => Between.Of(opened)) : null;

    /// <summary>A network that enlarges frames, and its weights as they are on disk.</summary>
    private sealed record Enlarging(UpscalerWork Work, NetworkWeights Weights)
    {
        public static Enlarging Of(EnhancerFile file)
        {
            var work = new UpscalerWork(file.Upscaler!);
            return new Enlarging(work, NetworkWeights.Of(file.Weights, work.Weights));
        }
    }

    /// <summary>A network that makes frames between frames, and its weights as they are on disk.</summary>
    private sealed record Between(InterpolatorWork Work, NetworkWeights Weights)
    {
        public static Between Of(EnhancerFile file)
        {
            var work = new InterpolatorWork(file.Interpolator!);
            return new Between(work, NetworkWeights.Of(file.Weights, work.Weights));
        }
    }
}
