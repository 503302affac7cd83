using WanSharp.Engine.Memory;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Hosting;
using WanSharp.Media;
using WanSharp.Media.Images;
using WanSharp.Media.Metadata;
using WanSharp.Models;
using WanSharp.Runtime.Memory;
using WanSharp.Tensors;
using WanSharp.Tools.Quality;

namespace WanSharp.Tools.Doctor;

/// <summary>Looks at a machine, a model or a clip, measures, and says what could be better.</summary>
/// <param name="host">Where things are.</param>
public sealed class Checkup(WanHost host)
{
    private const string Prompt = "a red circle moving left on a black background";
    private const int ShortSide = 256;
    private const int ShortFrames = 17;
    private const int ShortSteps = 2;
    private const string TinyDecoders = "tae*.safetensors";

    /// <summary>The machine: 64 MB are written, and ffmpeg's encoders tried.</summary>
    public async Task<IReadOnlyList<Finding>> LookAtMachineAsync(CancellationToken cancellationToken) =>
        [.. MachineFindings.Of(await new MachineSights(host).LookAsync(cancellationToken).ConfigureAwait(false))];

    /// <summary>A model: it is opened, and makes two short clips.</summary>
    /// <param name="settings">The model, and what computes it.</param>
    /// <param name="cancellationToken">Stops within a step.</param>
    public async Task<IReadOnlyList<Finding>> LookAtModelAsync(EngineSettings settings, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ModelSight sight;
        try
        {
            sight = await MeasureAsync(settings, cancellationToken).ConfigureAwait(false);
        }
        catch (CheckpointException e)
        {
            sight = new ModelSight { Model = settings.Model, Problem = e.Message };
        }

        return [.. ModelFindings.Of(sight)];
    }

    /// <summary>A clip: what it was made with.</summary>
    /// <param name="file">The clip.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <exception cref="MediaException">It is none, or none of WanSharp's.</exception>
    public async Task<IReadOnlyList<Finding>> LookAtClipAsync(string file, CancellationToken cancellationToken)
    {
        var embedded = await MetadataReader.ReadAsync(host.FindFfmpeg(), file, cancellationToken).ConfigureAwait(false);
        var clip =
            (embedded is null ? null : GenerationSettings.FromJson(embedded))
            ?? throw new MediaException($"{file} carries no settings of WanSharp: wan inspect says what it holds.");
        return [.. ClipFindings.Of(clip)];
    }

    private async Task<ModelSight> MeasureAsync(EngineSettings settings, CancellationToken cancellationToken)
    {
        using var engine = EngineHost.Open(host, settings);
        var model = engine.Model;
        var costs = new CostModel(model, settings.Precision);
        var request = new GenerationRequest { Prompt = Prompt, Images = PlainImages(model) };
        var own = costs.Sketch(request);
        var sight = new ModelSight
        {
            Model = settings.Model,
            WeightTypes = [.. model.TransformerWeights.BytesByType().OrderByDescending(type => type.Value).Select(type => type.Key)],
            TinyDecoder = Directory.Exists(model.Folder)
                ? Directory.EnumerateFiles(model.Folder, TinyDecoders).Order().FirstOrDefault()
                : null,
        };
        var machine = host.Calibrate(settings.Threads, again: false, cancellationToken);
        var cost = costs.Predict(own, machine);
        var small = request with
        {
            Width = Math.Min(own.Settings.Width, ShortSide),
            Height = Math.Min(own.Settings.Height, ShortSide),
            Frames = Math.Min(own.Settings.Frames, ShortFrames),
            Steps = ShortSteps,
            GuidanceScale = 1,
        };
        var eightBit = settings.Precision == Quantization.None ? new CostModel(model, Quantization.EightBit) : null;
        return sight with
        {
            Memory = (
                cost.PrivateBytes,
                MemoryAllowance.Of(settings.Memory?.Bytes, null, engine.Session.IsOnHost, HostMemoryFacts.Read()).Bytes
            ),
            ClipSeconds = cost.Seconds,
            DecodeShare = Seconds(cost, PlanStage.Decode) / cost.Seconds,
            Alternatives = PlanAlternatives.Of(costs, model, request, own, machine, eightBit),
            Step = (
                await StepAsync(engine, small, cancellationToken).ConfigureAwait(false),
                Seconds(costs.Predict(costs.Sketch(small), machine), PlanStage.Denoise) / ShortSteps
            ),
            WaitShare = WaitShare(engine),
        };
    }

    /// <summary>Gray pictures for the frames that a model cannot do without: what they show changes no cost.</summary>
    private static ConditioningImage[] PlainImages(WanModel model)
    {
        const byte Gray = 128;
        const int Channels = 3;
        int[] frames = model.Transformer.ModelType switch
        {
            ModelType.ImageToVideo => [0],
            ModelType.FirstLastFrameToVideo => [0, -1],
            _ => [],
        };
        var (width, height) = (model.Defaults.Width, model.Defaults.Height);
        var pixels = new byte[width * height * Channels];
        Array.Fill(pixels, Gray);
        return [.. frames.Select(frame => new ConditioningImage(new RgbImage(width, height, pixels), frame))];
    }

    /// <summary>The time of a step of a second clip: what comes first takes longer.</summary>
    private static async Task<double> StepAsync(EngineHost engine, GenerationRequest request, CancellationToken cancellationToken)
    {
        var seconds = 0.0;
        for (ulong seed = 0; seed < 2; seed++)
        {
            var frames = new ClipRecorder();
            await using var end = frames.ConfigureAwait(false);
            var plan = engine.Generator.Plan(request with { Seed = seed });
            var statistics = await engine.Generator.GenerateAsync(plan, frames, null, cancellationToken).ConfigureAwait(false);
            seconds = statistics.Stages[Engine.GenerationStage.Denoise].Busy.TotalSeconds / statistics.Steps;
        }

        return seconds;
    }

    private static double WaitShare(EngineHost engine)
    {
        var blocks = engine.Generator.Statistics.Graphs.SelectMany(graph => graph.Blocks).ToList();
        var waited = blocks.Sum(block => block.Wait.TotalSeconds);
        var all = waited + blocks.Sum(block => block.Compute.TotalSeconds);
        return all > 0 ? waited / all : 0;
    }

    private static double Seconds(GenerationCost cost, PlanStage stage) =>
        cost.Stages.Where(one => one.Stage == stage).Sum(one => one.Seconds);
}
