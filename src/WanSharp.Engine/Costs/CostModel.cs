using System.Runtime.CompilerServices;
using WanSharp.Engine.Decoding;
using WanSharp.Engine.Denoising;
using WanSharp.Engine.Enhancing;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Presets;
using WanSharp.Engine.Requests;
using WanSharp.Engine.Strategies;
using WanSharp.Graphs;
using WanSharp.Models;
using WanSharp.Models.Decoders;
using WanSharp.Models.Text;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Costs;

/// <summary>
/// Predicts what a generation costs: operations and bytes counted from the graphs, memory by part, and the time on a calibrated
/// machine. Reads the headers of checkpoints, never weights; runs nothing.
/// </summary>
/// <remarks>Thread-safe. Predictions are for the CPU provider and block graphs, which are the default.</remarks>
public sealed class CostModel
{
    private readonly WanModel _model;
    private readonly VaeTileChoice _tiles;
    private readonly NetworkGraphs _graphs;
    private readonly ActivationMemory _activations;
    private readonly Lazy<NetworkWeights> _transformer;
    private readonly Lazy<NetworkWeights> _highNoise;
    private readonly Lazy<NetworkWeights> _textEncoder;
    private readonly VaeCosts _vae;
    private readonly DType _compute;
    private readonly ConditionalWeakTable<DecoderFile, VaeCosts> _standins = [];
    private readonly DecoderShelf _decoders;
    private readonly EnhancerShelf _enhancers;
    private readonly EnhanceStage _enhancing = new();
    private readonly ImageStage _images;

    /// <param name="model">The model; it must outlive this object.</param>
    /// <param name="precision">What networks compute in.</param>
    /// <param name="tiles">Whether frames are decoded in tiles. Default: only where memory is too small for whole frames.</param>
    /// <param name="decoderFolders">As <see cref="EngineOptions.DecoderFolders"/>.</param>
    public CostModel(WanModel model, Precision? precision = null, VaeTileChoice? tiles = null, IReadOnlyList<string>? decoderFolders = null)
        : this(
            model,
            precision ?? Precision.Full,
            tiles,
            new DecoderShelf(model, decoderFolders ?? []),
            new EnhancerShelf([model.Folder, .. decoderFolders ?? []], model.Loras.Hub, model.FileDigests)
        ) { }

    /// <param name="model">The model; it must outlive this object.</param>
    /// <param name="precision">What networks compute in.</param>
    /// <param name="tiles">Whether frames are decoded in tiles. Null: only where memory is too small for whole frames.</param>
    /// <param name="decoders">Opens the files that requests name instead of the model's VAE; they stay the shelf's.</param>
    /// <param name="enhancers">Opens the files that enlarge frames; they stay the shelf's.</param>
    internal CostModel(WanModel model, Precision precision, VaeTileChoice? tiles, DecoderShelf decoders, EnhancerShelf enhancers)
    {
        ArgumentNullException.ThrowIfNull(model);
        (_decoders, _enhancers) = (decoders, enhancers);
        (_model, _tiles, _compute) = (model, tiles ?? VaeTileChoice.Auto, precision.Compute);
        _graphs = new NetworkGraphs(
            model.Transformer,
            model.TextEncoder,
            model.Vae,
            model.VisionEncoder,
            precision,
            model.TransformerWeights.EightBitLayers
        );
        _activations = new ActivationMemory(_graphs, model.Transformer);
        _transformer = new(() => NetworkWeights.Of(model.TransformerWeights, _graphs.TransformerWeights));
        _highNoise = new(() =>
            model.HighNoiseWeights is { } weights ? NetworkWeights.Of(weights, _graphs.TransformerWeights) : NetworkWeights.None
        );
        _textEncoder = new(() => NetworkWeights.Of(model.TextEncoderWeights, _graphs.TextEncoderWeights));
        _vae = new VaeCosts(_graphs.Vae, model.VaeWeights);
        _images = new ImageStage(model, _graphs, _activations, plan => Of(plan.Encoder));
    }

    /// <summary>What presets mean. Default: those that ship.</summary>
    public PresetChoice Presets { get; init; } = PresetChoice.Default;

    /// <summary>How LoRAs change the transformer. Default: <see cref="LoraMode.Auto"/>.</summary>
    public LoraMode LoraMode { get; init; }

    /// <summary>
    /// A plan to ask about, not to run: it lacks the model's digest, for which all weights would have to be read.
    /// </summary>
    /// <param name="request">What is asked for.</param>
    /// <param name="requireImages">Whether images, and what else is followed, must be given where the model cannot do without.</param>
    /// <exception cref="InvalidRequestException">The model cannot make it.</exception>
    public GenerationPlan Sketch(GenerationRequest request, bool requireImages = true)
    {
        ArgumentNullException.ThrowIfNull(request);
        var plan = GenerationPlanner.Sketch(request, _model, requireImages, _decoders, Presets, _enhancers);
        plan = plan with
        {
            CutPrompts = CutPrompt.Find(plan.Settings, plan.Prompts, _model),
            Loras = plan.Loras.In(LoraMode, takesAdapters: true),
        };
        return ForStrategy(plan, strategy: null);
    }

    /// <summary>A plan with all digests, and no strategy: what an engine's plan would embed.</summary>
    /// <exception cref="InvalidRequestException">The model cannot make it.</exception>
    internal GenerationPlan Plan(GenerationRequest request, ExecutionSettings execution) =>
        GenerationPlanner.Plan(request, _model, execution, _decoders, Presets, _enhancers);

    /// <summary>A plan as it runs by a strategy.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="strategy">The strategy; null if no memory limit is set.</param>
    /// <exception cref="InvalidRequestException">The size of the tiles that was asked for is too small.</exception>
    public GenerationPlan ForStrategy(GenerationPlan plan, Strategy? strategy)
    {
        ArgumentNullException.ThrowIfNull(plan);
        var isTiled = strategy is { IsTiled: true };
        return plan with { Strategy = strategy, VaeTiles = TilesFor(plan, isTiled), UpscaleTiles = _enhancing.TilesFor(plan, isTiled) };
    }

    /// <summary>What a forward pass of clips that step together holds in addition to weights.</summary>
    /// <param name="key">What the clips have in common.</param>
    /// <param name="clips">How many there are, with guidance.</param>
    /// <param name="strategy">How they run; null where no memory limit is set.</param>
    internal long PassBytes(BatchKey key, int clips, Strategy? strategy)
    {
        var latents = key.Latents;
        var rows = SharedPass.RowsFor(latents.ElementCount / (latents[1] * _model.Transformer.PatchSize.Volume), branches: 2, clips);
        // Some of the clips may have frames that are given clean, and a row for itself of what guides the attention.
        var groups = _model.Transformer.TakesCleanFrames ? (int)latents[2] : 1;
        var bytes = _activations.OfPass(latents, rows, groups, strategy?.TokensAtOnce);
        return (bytes + (key.GuidesAttention ? _graphs.PaddedTextBytes(rows) : 0))
            * (strategy is { StaticShapes: true } ? StrategyParts.Planned : 1);
    }

    /// <summary>What a plan has to compute and to hold.</summary>
    /// <exception cref="CheckpointException">The checkpoint lacks a weight.</exception>
    internal GenerationWork Count(GenerationPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        string[] prompts = [plan.Settings.Prompt, plan.Settings.NegativePrompt];
        int[] tokens = [.. prompts.Take(plan.Prompts).Select(CountTokens)];
        var text = Text(tokens);
        var image = _images.Work(plan);
        var denoise = Denoise(plan, tokens);
        var decode = new StageWork(
            PlanStage.Decode,
            Of(plan.Decoder).Graphs.Decode(plan.ClipLatents, plan.VaeTiles),
            new Dictionary<DType, double>()
        );
        StageWork?[] stages = [text, image, denoise, decode, _enhancing.Work(plan)];
        return new GenerationWork
        {
            Stages = [.. stages.OfType<StageWork>()],
            Memory = [.. Memory(plan, tokens).Where(part => part.Bytes > 0)],
        };
    }

    /// <summary>Operations of a plan's matrix products, attention and convolutions.</summary>
    public double Operations(GenerationPlan plan) => Count(plan).Stages.Sum(stage => stage.Work.Operations);

    /// <summary>What a strategy for a plan is chosen from.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="isOnHost">Whether the processor computes.</param>
    /// <param name="isPacked">Whether the model's whole network is packed on disk.</param>
    /// <inheritdoc cref="Count" path="/exception"/>
    public StrategyFacts Facts(GenerationPlan plan, bool isOnHost, bool isPacked = false)
    {
        ArgumentNullException.ThrowIfNull(plan);
        string[] prompts = [plan.Settings.Prompt, plan.Settings.NegativePrompt];
        int[] tokens = [.. prompts.Take(plan.Prompts).Select(CountTokens)];
        var (transformer, textEncoder) = (TransformerOf(plan), _textEncoder.Value);
        var computed = transformer.GraphBytes - _graphs.TransformerOtherBytes;
        var widenedText = MemoryPart.Converted("text encoder", textEncoder, _graphs.TextEncoderBlockBytes, PlanStage.Text).Bytes;
        return new StrategyFacts
        {
            Blocks = _model.Transformer.Layers,
            StoredBlock = Stored(computed) / _model.Transformer.Layers,
            LargestStoredBlock = Stored(_graphs.TransformerBlockBytes),
            ComputedBlock = computed / _model.Transformer.Layers,
            LargestComputedBlock = _graphs.TransformerBlockBytes,
            Widens = transformer.WidensBlocks,
            OtherWeights = _graphs.TransformerOtherBytes + (isOnHost && transformer.AreKept ? transformer.ConvertedBytes : 0),
            TextEncoder = isOnHost ? textEncoder.StoredBytes + widenedText : textEncoder.GraphBytes,
            StreamedTextEncoder = isOnHost
                ? (2 * textEncoder.StoredBytes / _model.TextEncoder.Layers) + widenedText
                : Math.Min(textEncoder.GraphBytes, 2 * _graphs.TextEncoderBlockBytes),
            Vae = Of(plan.Decoder).Decoder.PackedBytes + _enhancing.PackedBytes(plan),
            ImageEncoders = _images.Encoders(plan, isOnHost),
            Clip = ClipBytes(plan, tokens) + LoraBytes(plan),
            TextActivations = tokens.Max(_activations.OfText),
            ImageActivations = isTiled => _images.Activations(plan, TilesFor(plan, isTiled)),
            DenoiseActivations = atOnce => (isOnHost ? transformer.WidenedMatrixBytes : 0) + PassBytes(plan, atOnce),
            DecodeActivations = isTiled => Decoding(isTiled).Step + DecodeHeld(isTiled),
            DecodeHeld = DecodeHeld,
            EnhanceActivations = isTiled => Enhancing(isTiled).Step,
            MayTile =
                TilesFor(plan, isTiled: true) != TilesFor(plan, isTiled: false)
                || _enhancing.TilesFor(plan, isTight: true) != _enhancing.TilesFor(plan, isTight: false),
            Tokens = plan.Tokens,
            IsOnHost = isOnHost,
            IsPacked = isPacked && !plan.Loras.IsMerged, // it is the model's own
            RunsInBlocks = plan.RunsInBlocks,
        };

        long Stored(long inGraph) => (long)((double)transformer.StoredBytes * inGraph / transformer.GraphBytes);

        (long Step, long Held) Decoding(bool isTiled) => Of(plan.Decoder).Memory.OfDecoding(plan.ClipLatents, TilesFor(plan, isTiled));

        (long Step, long Held) Enhancing(bool isTiled) => _enhancing.Bytes(plan, _enhancing.TilesFor(plan, isTiled));

        long DecodeHeld(bool isTiled) => Decoding(isTiled).Held + Enhancing(isTiled).Held;
    }

    /// <summary>
    /// Latents and what the sampler remembers of them, what the step cache keeps, text as the encoder gives it and as the blocks attend to
    /// it, images as they came and as channels.
    /// </summary>
    private long ClipBytes(GenerationPlan plan, int[] tokens)
    {
        const int Copies = 5; // the latents, up to three earlier results, and the network's input
        const int ChannelCopies = 2; // those of an image, and in the network's input
        var network = _model.Transformer;
        var rows =
            tokens.Sum(count => (long)Math.Min(count + 1, network.TextLength)) // one row of padding stands for all
            + (tokens.Length * (_model.VisionEncoder is { } vision ? (long)network.VisionRowsFor(vision.Tokens) : 0));
        var values =
            (Copies * plan.Latents.ElementCount)
            + plan.WindowValues
            + (ChannelCopies * (network.GivenChannels - plan.Latents[1]) * (plan.Latents.ElementCount / plan.Latents[1]))
            + (tokens.Length * (long)network.TextLength * network.TextDim)
            + (2L * (network.Layers + network.ControlBlocks) * rows * network.Dim);
        return (sizeof(float) * values) + StepCacheBytes(plan) + plan.GivenFrames.Values.Sum(image => image.Pixels.LongLength);
    }

    /// <summary>Factors that are in memory, and what each row of a batch of different ones has for itself.</summary>
    private static long LoraBytes(GenerationPlan plan) =>
        plan.Loras.AreInputs ? plan.Loras.Bytes + (plan.Branches * plan.Loras.RowBytes) : 0;

    private long StepCacheBytes(GenerationPlan plan) =>
        plan.StepCache?.Bytes(plan.Branches, plan.Latents.ElementCount, (long)plan.Tokens * _model.Transformer.Dim) ?? 0;

    private long PassBytes(GenerationPlan plan, int? tokensAtOnce)
    {
        var rows = SharedPass.RowsFor(plan.Tokens, Math.Max(1, plan.Branches), clips: 1);
        return _activations.OfPass(plan.PassLatents, rows, GroupsOf(plan), tokensAtOnce)
            + (plan.Settings.Nag is null ? 0 : _graphs.PaddedTextBytes(rows)); // of the negative prompt, in each block
    }

    /// <summary>Timesteps of a row: one for each latent frame where some are given clean.</summary>
    private static int GroupsOf(GenerationPlan plan) => plan.HasCleanFrames ? (int)plan.PassLatents[2] : 1;

    /// <summary>The tiles for a plan: as was asked for, or the smallest where memory decides and is short.</summary>
    private VaeTiling? TilesFor(GenerationPlan plan, bool isTiled)
    {
        var encodes = _images.Encodes(plan);
        var memory = isTiled && _tiles.IsAuto ? 0 : GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        var (decoder, encoder) = (Of(plan.Decoder).Memory, Of(plan.Encoder).Memory);
        return _tiles.For(
            _model.Vae,
            plan.ClipLatents,
            memory,
            (height, width) => Math.Max(decoder.OfDecodedFrame(height, width), encodes ? encoder.OfEncodedFrame(height, width) : 0)
        );
    }

    /// <summary>The only transformer's weights, or the low-noise expert's, as a plan runs with them.</summary>
    private NetworkWeights TransformerOf(GenerationPlan plan) =>
        plan.Loras.IsMerged
            ? NetworkWeights.Of(_model.TransformerWeights, _graphs.TransformerWeights, plan.Loras.Changed)
            : _transformer.Value;

    private NetworkWeights HighNoiseOf(GenerationPlan plan) =>
        plan.Loras.IsMerged && _model.HighNoiseWeights is { } weights
            ? NetworkWeights.Of(weights, _graphs.TransformerWeights, plan.Loras.ChangedOfHighNoise)
            : _highNoise.Value;

    /// <summary>Bytes that the cache of weights keeps of a plan whose LoRAs are merged.</summary>
    public long MergedBytes(GenerationPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return TransformerOf(plan).MergedBytes + HighNoiseOf(plan).MergedBytes;
    }

    /// <summary>What a file costs that stands in for the model's VAE; null for the VAE itself.</summary>
    private VaeCosts Of(DecoderFile? standin) =>
        standin is null ? _vae : _standins.GetValue(standin, file => new VaeCosts(new VaeWork(file.Config, _compute), file.Weights));

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
                .. work.Stages.Select(stage => new StageCost(stage.Stage, stage.Work.Operations, stage.Work.Bytes, stage.SecondsOn(machine))
                {
                    WeightBytes = stage.Work.WeightBytes,
                    OperationSeconds = stage.OperationSecondsOn(machine),
                }),
            ],
            Memory = work.Memory,
            MappedBytes = work.MappedBytes,
            PrivateBytes = work.PrivateBytes,
        };
    }

    /// <summary>Tokens of a prompt, as the network is given them.</summary>
    internal int CountTokens(string prompt) => _model.Tokenizer.Encode(PromptCleaner.Clean(prompt), _model.Transformer.TextLength).Length;

    private StageWork Text(int[] tokens) =>
        new(
            PlanStage.Text,
            tokens.Aggregate(GraphWork.None, (sum, count) => sum + _graphs.EncodeText(count)),
            _textEncoder.Value.ConvertedIn(tokens.Length)
        );

    private StageWork Denoise(GenerationPlan plan, int[] textTokens)
    {
        var highNoise = plan.ComputedBranches.Take(plan.HighNoiseSteps).ToList();
        var lowNoise = plan.ComputedBranches.Skip(plan.HighNoiseSteps).ToList();
        var contexts = textTokens.Aggregate(GraphWork.None, (sum, count) => sum + _graphs.PrepareContext(count));
        var forwards = plan
            .ComputedBranches.Where(branches => branches > 0)
            .CountBy(branches => branches)
            .Aggregate(GraphWork.None, (sum, step) => sum + (step.Value * Step(plan, step.Key, textTokens.Max())));
        List<int>[] experts = [lowNoise, highNoise];
        return new StageWork(
            PlanStage.Denoise,
            (experts.Count(steps => steps.Count > 0) * contexts) + forwards,
            Sum(TransformerOf(plan).ConvertedIn(Passes(lowNoise)), HighNoiseOf(plan).ConvertedIn(Passes(highNoise)))
        );

        double Passes(List<int> steps) => steps.Sum(branches => plan.PassesOf(branches).Passes);
    }

    /// <summary>The forward passes of a step.</summary>
    private GraphWork Step(GenerationPlan plan, int branches, int textTokens)
    {
        var (passes, batch) = plan.PassesOf(branches);
        return passes * _graphs.Forward(plan.PassLatents, batch, GroupsOf(plan), textTokens, plan.Settings.Nag is not null);
    }

    private static Dictionary<DType, double> Sum(Dictionary<DType, double> left, Dictionary<DType, double> right) =>
        left.Concat(right).GroupBy(part => part.Key).ToDictionary(parts => parts.Key, parts => parts.Sum(part => part.Value));

    private IEnumerable<MemoryPart> Memory(GenerationPlan plan, int[] tokens)
    {
        yield return new("text encoder, on disk", _textEncoder.Value.StoredBytes, MemoryKind.Mapped);
        var (transformer, highNoise) = (TransformerOf(plan), HighNoiseOf(plan));
        yield return new("transformer, on disk", transformer.StoredBytes, MemoryKind.Mapped);
        yield return new("high-noise transformer, on disk", highNoise.StoredBytes, MemoryKind.Mapped);
        yield return new("CLIP, on disk", _images.VisionStoredBytes, MemoryKind.Mapped);
        yield return new("VAE, on disk", Of(plan.Decoder).Decoder.StoredBytes, MemoryKind.Mapped);
        yield return new("VAE, packed weights", Of(plan.Decoder).Decoder.PackedBytes, MemoryKind.Kept);
        foreach (var part in _images.Memory(plan))
        {
            yield return part;
        }

        yield return MemoryPart.Converted("text encoder", _textEncoder.Value, _graphs.TextEncoderBlockBytes, PlanStage.Text);
        yield return MemoryPart.Activations(PlanStage.Text, tokens.Max(_activations.OfText));
        // One expert gives its memory up when the other takes over.
        var expert = highNoise.ConvertedBytes > transformer.ConvertedBytes ? highNoise : transformer;
        yield return MemoryPart.Converted("transformer", expert, _graphs.TransformerBlockBytes, PlanStage.Denoise);
        yield return new("factors of LoRAs", LoraBytes(plan), MemoryKind.Kept);
        yield return new("step cache", StepCacheBytes(plan), MemoryKind.Kept);
        yield return MemoryPart.Activations(PlanStage.Denoise, PassBytes(plan, plan.Strategy?.TokensAtOnce));
        var (step, held) = Of(plan.Decoder).Memory.OfDecoding(plan.ClipLatents, plan.VaeTiles);
        yield return MemoryPart.Activations(PlanStage.Decode, step + held);
        foreach (var part in _enhancing.Memory(plan, held))
        {
            yield return part;
        }
    }
}
