using WanSharp.Engine.Planning;
using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Models;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Costs;

/// <summary>What encoding a clip's images costs: through the VAE, and through CLIP where the model has it.</summary>
/// <remarks>Thread-safe.</remarks>
/// <param name="model">The model.</param>
/// <param name="graphs">Its networks.</param>
/// <param name="activations">What their runs hold.</param>
/// <param name="encoderOf">What encodes a plan's images.</param>
internal sealed class ImageStage(
    WanModel model,
    NetworkGraphs graphs,
    ActivationMemory activations,
    Func<GenerationPlan, VaeCosts> encoderOf
)
{
    private const long FloatPixel = 3 * sizeof(float);

    private readonly Lazy<NetworkWeights> _vision = new(() =>
        model.VisionEncoderWeights is { } weights ? NetworkWeights.Of(weights, graphs.VisionEncoderWeights) : NetworkWeights.None
    );

    /// <summary>Bytes of CLIP's weights in their files.</summary>
    public long VisionStoredBytes => _vision.Value.StoredBytes;

    private MemoryPart WidenedVisionEncoder =>
        model.VisionEncoder is null
            ? new("CLIP, widened weights", 0, MemoryKind.Stage, PlanStage.Image)
            : MemoryPart.Converted("CLIP", _vision.Value, graphs.VisionEncoderBlockBytes, PlanStage.Image);

    /// <summary>
    /// The latent frames that images give: those of the plan, or in a plan without images those that the model cannot do without.
    /// </summary>
    public IReadOnlyCollection<int> Frames(GenerationPlan plan) =>
        plan.GivenFrames.Count > 0
            ? [.. plan.GivenFrames.Keys]
            : model.Transformer.ModelType switch
            {
                ModelType.ImageToVideo => [0],
                ModelType.FirstLastFrameToVideo => [0, plan.LatentFrames - 1],
                _ => [],
            };

    /// <summary>Whether a clip has frames to encode: of images, or of what it follows.</summary>
    public bool Encodes(GenerationPlan plan) => plan.EncodesFrames || Frames(plan).Count > 0;

    /// <summary>What has to be computed; null for a clip without images.</summary>
    public StageWork? Work(GenerationPlan plan)
    {
        var count = Frames(plan).Count;
        if (!Encodes(plan))
        {
            return null;
        }

        var frames = Encoded(plan).Aggregate(GraphWork.None, (sum, latents) => sum + encoderOf(plan).Graphs.Encode(latents, plan.VaeTiles));
        return model.VisionEncoder is null
            ? new StageWork(PlanStage.Image, frames, new Dictionary<DType, double>())
            : new StageWork(PlanStage.Image, frames + graphs.EncodeImages(SeenByClip(count)), _vision.Value.ConvertedIn(passes: 1));
    }

    /// <summary>What the encoders hold once they are loaded, in the memory that computes.</summary>
    public long Encoders(GenerationPlan plan, bool isOnHost) =>
        !Encodes(plan)
            ? 0
            : encoderOf(plan).Encoder.PackedBytes + (isOnHost ? VisionStoredBytes + WidenedVisionEncoder.Bytes : _vision.Value.GraphBytes);

    /// <summary>
    /// What is held in addition to weights: the images as they came, and either one of them as floats or all in the clip's size with what a
    /// network needs.
    /// </summary>
    /// <param name="plan">The plan.</param>
    /// <param name="tiles">The tiles that the VAE encodes in; null for whole frames.</param>
    public long Activations(GenerationPlan plan, VaeTiling? tiles)
    {
        var count = Frames(plan).Count;
        if (!Encodes(plan))
        {
            return 0;
        }

        var images = plan.GivenFrames.Values;
        var scaled = count * FloatPixel * plan.Settings.Width * plan.Settings.Height;
        var floats = images.Select(image => FloatPixel * image.Width * image.Height).DefaultIfEmpty().Max();
        var vae = Encoded(plan).Max(latents => encoderOf(plan).Memory.OfEncoding(latents, tiles));
        var vision = model.VisionEncoder is null ? 0 : activations.OfVisionEncoder(SeenByClip(count));
        return images.Sum(image => image.Pixels.LongLength) + scaled + ControlBytes(plan) + Math.Max(floats, Math.Max(vae, vision));
    }

    private int SeenByClip(int count) => model.Transformer.ModelType == ModelType.FirstLastFrameToVideo ? count : 1;

    /// <summary>What the stage adds to a plan's memory.</summary>
    public IEnumerable<MemoryPart> Memory(GenerationPlan plan)
    {
        if (Encodes(plan))
        {
            var kind = plan.Strategy is { KeepsTextEncoder: false } ? MemoryKind.Stage : MemoryKind.Kept;
            yield return new("VAE encoder, packed weights", encoderOf(plan).Encoder.PackedBytes, kind, PlanStage.Image);
            yield return WidenedVisionEncoder;
            yield return MemoryPart.Activations(PlanStage.Image, Activations(plan, plan.VaeTiles));
        }
    }

    /// <summary>The frames of a control and what is marked in them, and references: all in memory while they are encoded.</summary>
    internal static long ControlBytes(GenerationPlan plan)
    {
        const int Bytes = 3 + 1; // colours, and a mask
        var frames = plan.Control is null ? 0 : (long)plan.Settings.Frames + plan.ReferenceFrames;
        return frames * Bytes * plan.Settings.Width * plan.Settings.Height;
    }

    /// <summary>The latents that the VAE makes of a clip's images, one after another.</summary>
    private IEnumerable<Shape> Encoded(GenerationPlan plan)
    {
        var latents = plan.ClipLatents;
        Shape one = [1, latents[1], 1, latents[3], latents[4]];
        if (plan.Control is { IsFun: true } fun)
        {
            var images = Frames(plan).Take(1).Select(_ => model.Transformer.JoinsMask ? latents : one);
            return [.. fun.Video is null ? (Shape[])[] : [latents], .. images, .. fun.References.Select(_ => one)];
        }

        if (plan.Control is not null)
        {
            return [latents, latents, .. Enumerable.Repeat(one, plan.ReferenceFrames)]; // what is kept, what is made anew, references
        }

        return model.Transformer.ModelType == ModelType.TextImageToVideo
            ? Frames(plan).Select(frame => Shape.Create([1, latents[1], GivenImages.StepsFor(frame), latents[3], latents[4]]))
            : Frames(plan).Take(1).Select(_ => latents); // the images in a clip that is grey otherwise
    }
}
