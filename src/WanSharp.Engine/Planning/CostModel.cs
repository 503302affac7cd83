using WanSharp.Engine.Decoding;
using WanSharp.Engine.Requests;
using WanSharp.Engine.Strategies;
using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Models;
using WanSharp.Models.Text;
using WanSharp.Tensors;

namespace WanSharp.Engine.Planning;

/// <summary>
/// Says before it runs what a generation costs: operations and bytes counted from the graphs, memory by part, and the
/// time that a calibrated machine takes. Reads headers of weights, never weights; runs nothing.
/// </summary>
/// <remarks>Thread-safe. For the CPU provider and block graphs, the way a model runs unless it is told otherwise.</remarks>
public sealed class CostModel
{
    // The side of the smallest tile that frames are decoded in without its being asked for, in positions of the latents.
    private const int SmallestTile = 24;

    // What Denoiser runs as one batch.
    private const int LargestSharedTokens = 4096;

    private readonly WanModel _model;
    private readonly VaeTileChoice _tiles;
    private readonly NetworkGraphs _graphs;
    private readonly Lazy<NetworkWeights> _transformer;
    private readonly Lazy<NetworkWeights> _highNoise;
    private readonly Lazy<NetworkWeights> _clipVision;
    private readonly Lazy<NetworkWeights> _textEncoder;
    private readonly Lazy<NetworkWeights> _decoder;
    private readonly Lazy<NetworkWeights> _encoder;

    /// <param name="model">The model; it must live as long as plans are asked about.</param>
    /// <param name="quantization">Whether the transformer's blocks multiply 8-bit integers.</param>
    /// <param name="tiles">Whether frames are decoded in tiles. Default: as memory asks for.</param>
    public CostModel(WanModel model, Quantization quantization = Quantization.None, VaeTileChoice? tiles = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        (_model, _tiles) = (model, tiles ?? VaeTileChoice.Auto);
        _graphs = new NetworkGraphs(model.Transformer, model.TextEncoder, model.Vae, model.ClipVision, quantization);
        _transformer = new(() => NetworkWeights.Of(model.TransformerWeights, _graphs.TransformerWeights));
        _highNoise = new(() =>
            model.HighNoiseWeights is { } weights ? NetworkWeights.Of(weights, _graphs.TransformerWeights) : NetworkWeights.None
        );
        _clipVision = new(() =>
            model.ClipVisionWeights is { } weights ? NetworkWeights.Of(weights, _graphs.ClipVisionWeights) : NetworkWeights.None
        );
        _textEncoder = new(() => NetworkWeights.Of(model.TextEncoderWeights, _graphs.TextEncoderWeights));
        _decoder = new(() => NetworkWeights.Of(model.VaeWeights, _graphs.DecoderWeights));
        _encoder = new(() => NetworkWeights.Of(model.VaeWeights, _graphs.EncoderWeights));
    }

    /// <summary>
    /// The plan for a request, without the model's digest, for which all weights would be read: to ask about, not to run.
    /// </summary>
    /// <exception cref="InvalidRequestException">The model cannot make it.</exception>
    public GenerationPlan Sketch(GenerationRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        var plan = GenerationPlanner.Sketch(request, _model);
        return plan with
        {
            VaeTiles = _tiles.For(_model.Vae, plan.Latents, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes),
            CutPrompts = CutPrompt.Find(plan.Settings, plan.Branches, _model),
        };
    }

    /// <summary>What a plan has to compute and to hold.</summary>
    /// <exception cref="CheckpointException">The checkpoint lacks a weight.</exception>
    public GenerationWork Count(GenerationPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        string[] prompts = [plan.Settings.Prompt, plan.Settings.NegativePrompt];
        int[] tokens = [.. prompts.Take(plan.Branches).Select(CountTokens)];
        var text = Text(tokens);
        var image = Image(plan);
        var denoise = Denoise(plan, tokens);
        var decode = new StageWork(PlanStage.Decode, _graphs.Decode(plan.Latents, plan.VaeTiles), new Dictionary<DType, double>());
        StageWork?[] stages = [text, image, denoise, decode];
        return new GenerationWork
        {
            Stages = [.. stages.OfType<StageWork>()],
            Memory = [.. Memory(plan, text, image, denoise, decode).Where(part => part.Bytes > 0)],
        };
    }

    /// <summary>What a strategy for a plan is chosen from.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="isOnHost">Whether the processor computes.</param>
    /// <inheritdoc cref="Count" path="/exception"/>
    public StrategyFacts Facts(GenerationPlan plan, bool isOnHost)
    {
        ArgumentNullException.ThrowIfNull(plan);
        string[] prompts = [plan.Settings.Prompt, plan.Settings.NegativePrompt];
        int[] tokens = [.. prompts.Take(plan.Branches).Select(CountTokens)];
        var (transformer, textEncoder) = (_transformer.Value, _textEncoder.Value);
        var computed = transformer.GraphBytes - _graphs.TransformerOtherBytes;
        var (denoise, matrix) = ((long)Denoise(plan, tokens).Work.PeakBytes, transformer.WidenedMatrixBytes);
        return new StrategyFacts
        {
            Blocks = _model.Transformer.Layers,
            StoredBlock = (long)((double)transformer.StoredBytes * computed / transformer.GraphBytes) / _model.Transformer.Layers,
            ComputedBlock = computed / _model.Transformer.Layers,
            Widens = transformer.WidensBlocks,
            OtherWeights = _graphs.TransformerOtherBytes + (transformer.AreKept ? transformer.ConvertedBytes : 0),
            TextEncoder =
                textEncoder.StoredBytes + Converted("text encoder", textEncoder, _graphs.TextEncoderBlockBytes, PlanStage.Text).Bytes,
            Vae = (2 * _decoder.Value.GraphBytes) + _decoder.Value.ConvertedBytes,
            StreamedTextEncoder =
                (2 * textEncoder.StoredBytes / _model.TextEncoder.Layers)
                + Converted("text encoder", textEncoder, _graphs.TextEncoderBlockBytes, PlanStage.Text).Bytes,
            Clip = ClipBytes(plan, tokens),
            TextActivations = (long)Text(tokens).Work.PeakBytes,
            DenoiseActivations = atOnce =>
                matrix
                + (
                    atOnce is { } most && most < plan.Tokens
                        ? Math.Min(denoise, _graphs.PieceBytes(plan.Latents, most, tokens.Max()))
                        : denoise
                ),
            DecodeActivations = isTiled => DecodeBytes(isTiled ? TileOf(plan.Latents) : plan.Latents),
            Tokens = plan.Tokens,
            IsOnHost = isOnHost,
        };
    }

    /// <summary>Latents and what the sampler remembers of them, text as the encoder gives it and as the blocks attend to it.</summary>
    private long ClipBytes(GenerationPlan plan, int[] tokens)
    {
        const int Copies = 5; // the latents, up to three earlier results, and the network's input
        var network = _model.Transformer;
        var rows = tokens.Sum(count => (long)Math.Min(count + 1, network.TextLength)); // one row of padding stands for all
        return sizeof(float)
            * (
                (Copies * plan.Latents.ElementCount)
                + (tokens.Length * (long)network.TextLength * network.TextDim)
                + (2L * network.Layers * rows * network.Dim)
            );
    }

    private long DecodeBytes(Shape latents) => (long)_graphs.Decode(latents).PeakBytes + _graphs.DecoderCaches(latents);

    /// <summary>[1, channels, frames, height, width] → the same of the smallest tile that is chosen without being asked for.</summary>
    private static Shape TileOf(Shape latents) =>
        [1, latents[1], latents[2], Math.Min(latents[3], SmallestTile), Math.Min(latents[4], SmallestTile)];

    /// <summary>What a plan costs on a machine.</summary>
    /// <inheritdoc cref="Count" path="/exception"/>
    public GenerationCost Predict(GenerationPlan plan, Calibration machine)
    {
        ArgumentNullException.ThrowIfNull(machine);
        var work = Count(plan);
        return new GenerationCost
        {
            Stages =
            [
                .. work.Stages.Select(stage => new StageCost(
                    stage.Stage,
                    stage.Work.Operations,
                    stage.Work.Bytes,
                    Seconds(stage, machine)
                )),
            ],
            Memory = work.Memory,
            MappedBytes = work.MappedBytes,
            PrivateBytes = work.PrivateBytes,
        };
    }

    /// <summary>The time that work takes on a machine.</summary>
    public static double Seconds(StageWork stage, Calibration machine)
    {
        ArgumentNullException.ThrowIfNull(stage);
        ArgumentNullException.ThrowIfNull(machine);
        var work = stage.Work;
        var computing =
            (work.Products / machine.Products)
            + (work.IntegerProducts / machine.IntegerProducts)
            + (work.WeightBytes / machine.WeightBytes)
            + (work.Attention / machine.Attention)
            + (work.Convolutions / machine.Convolutions)
            + (work.MovedBytes / machine.MovedBytes);

        // One thread widens the next block's weights while a block runs: it takes its share of the processors, and a block
        // cannot be done before the next one's weights are there.
        var widening = stage.Widened.Sum(weights => weights.Value / machine.Widened[weights.Key]);
        return Math.Max(computing + (widening / Math.Max(1, machine.Threads)), widening);
    }

    private int CountTokens(string prompt) => _model.Tokenizer.Encode(PromptCleaner.Clean(prompt), _model.Transformer.TextLength).Length;

    private StageWork Text(int[] tokens) =>
        new(
            PlanStage.Text,
            tokens.Aggregate(GraphWork.None, (sum, count) => sum + _graphs.EncodeText(count)),
            Widened(_textEncoder.Value, tokens.Length)
        );

    private StageWork? Image(GenerationPlan plan)
    {
        if (plan.GivenFrames.Count == 0)
        {
            return null;
        }

        var (width, height) = (plan.Settings.Width, plan.Settings.Height);
        var frames =
            _model.Transformer.ModelType == ModelType.TextImageToVideo
                // a later frame is what a still leaves after two
                ? plan.GivenFrames.Keys.Aggregate(GraphWork.None, (sum, frame) => sum + _graphs.Encode(frame == 0 ? 1 : 2, height, width))
                : _graphs.Encode(plan.LatentFrames, height, width); // the image in a clip that is grey otherwise
        return _model.ClipVision is null
            ? new StageWork(PlanStage.Image, frames, new Dictionary<DType, double>())
            : new StageWork(PlanStage.Image, frames + _graphs.EncodeImages(plan.GivenFrames.Count), Widened(_clipVision.Value, passes: 1));
    }

    private StageWork Denoise(GenerationPlan plan, int[] textTokens)
    {
        var isShared = plan.Tokens * plan.Branches <= LargestSharedTokens;
        var (passes, batch) = isShared ? (1, plan.Branches) : (plan.Branches, 1);
        var groups = _model.Transformer.ModelType == ModelType.TextImageToVideo && plan.GivenFrames.Count > 0 ? plan.LatentFrames : 1;
        int[] steps = [plan.Settings.Steps - plan.HighNoiseSteps, plan.HighNoiseSteps]; // of either expert
        var contexts = textTokens.Aggregate(GraphWork.None, (sum, count) => sum + _graphs.PrepareContext(count));
        var forwards = (double)plan.Settings.Steps * passes * _graphs.Forward(plan.Latents, batch, groups, textTokens.Max());
        return new StageWork(
            PlanStage.Denoise,
            (steps.Count(count => count > 0) * contexts) + forwards,
            Sum(Widened(_transformer.Value, (double)steps[0] * passes), Widened(_highNoise.Value, (double)steps[1] * passes))
        );
    }

    /// <summary>Elements that this many passes convert; what is kept is converted once, when the network is loaded.</summary>
    private static Dictionary<DType, double> Widened(NetworkWeights weights, double passes) =>
        weights.AreKept ? [] : weights.Converted.ToDictionary(part => part.Key, part => passes * part.Value);

    private static Dictionary<DType, double> Sum(Dictionary<DType, double> left, Dictionary<DType, double> right) =>
        left.Concat(right).GroupBy(part => part.Key).ToDictionary(parts => parts.Key, parts => parts.Sum(part => part.Value));

    private IEnumerable<MemoryPart> Memory(GenerationPlan plan, StageWork text, StageWork? image, StageWork denoise, StageWork decode)
    {
        yield return new("text encoder, on disk", _textEncoder.Value.StoredBytes, MemoryKind.Mapped);
        yield return new("transformer, on disk", _transformer.Value.StoredBytes, MemoryKind.Mapped);
        yield return new("high-noise transformer, on disk", _highNoise.Value.StoredBytes, MemoryKind.Mapped);
        yield return new("CLIP, on disk", _clipVision.Value.StoredBytes, MemoryKind.Mapped);
        yield return new("VAE, on disk", _decoder.Value.StoredBytes, MemoryKind.Mapped);

        // Packed for the first step's graph and for the later ones', in addition to what is not a view of the file.
        yield return new("VAE, packed weights", (2 * _decoder.Value.GraphBytes) + _decoder.Value.ConvertedBytes, MemoryKind.Kept);
        if (image is not null)
        {
            yield return new(
                "VAE encoder, packed weights",
                (2 * _encoder.Value.GraphBytes) + _encoder.Value.ConvertedBytes,
                MemoryKind.Kept
            );
            yield return Activations(image, (long)image.Work.PeakBytes);
        }

        yield return Converted("text encoder", _textEncoder.Value, _graphs.TextEncoderBlockBytes, PlanStage.Text);
        yield return Activations(text, (long)text.Work.PeakBytes);

        // One expert gives its memory up when the other takes over.
        var expert = _highNoise.Value.ConvertedBytes > _transformer.Value.ConvertedBytes ? _highNoise.Value : _transformer.Value;
        yield return Converted("transformer", expert, _graphs.TransformerBlockBytes, PlanStage.Denoise);
        yield return Activations(denoise, (long)denoise.Work.PeakBytes);
        yield return Activations(decode, (long)decode.Work.PeakBytes + _graphs.DecoderCaches(plan.Latents, plan.VaeTiles));
    }

    private static MemoryPart Activations(StageWork stage, long bytes) =>
        new(
            $"{stage.Stage.ToString().ToLowerInvariant()}, activations{(stage.Stage == PlanStage.Decode ? " and caches" : "")}",
            bytes,
            MemoryKind.Stage,
            stage.Stage
        );

    /// <summary>
    /// Copies of a small network are kept; of a large one there is memory for two blocks while its stage runs, or for a matrix.
    /// </summary>
    private static MemoryPart Converted(string network, NetworkWeights weights, long blockBytes, PlanStage stage) =>
        weights.AreKept
            ? new($"{network}, widened weights", weights.ConvertedBytes, MemoryKind.Kept)
            : new(
                $"{network}, widened weights",
                weights.WidensBlocks ? 2 * blockBytes : weights.WidenedMatrixBytes,
                MemoryKind.Stage,
                stage
            );
}
