using System.ComponentModel;
using System.Security;
using WanSharp.Engine.Costs;
using WanSharp.Engine.Memory;
using WanSharp.Engine.Requests;
using WanSharp.Graphs.Networks;
using WanSharp.Hosting;
using WanSharp.Media;
using WanSharp.Media.Images;
using WanSharp.Media.Metadata;
using WanSharp.Models;
using WanSharp.Runtime;
using WanSharp.Runtime.Memory;
using WanSharp.Tensors;
using WanSharp.Tools.Optimize;
using WanSharp.Tools.Quality;
using WanSharp.Tools.Quantize;

namespace WanSharp.Tools.Doctor;

/// <summary>Looks at a machine, a model or a clip, measures, and says what could be better.</summary>
/// <param name="host">Where things are.</param>
public sealed class Checkup(WanHost host)
{
    private const string Prompt = "a red circle moving left on a black background";
    private const int ShortSide = 256;
    private const int ShortFrames = 17;
    private const int ShortSteps = 2;

    /// <summary>The machine: 64 MB are written, and ffmpeg's encoders tried.</summary>
    public Task<IReadOnlyList<Finding>> LookAtMachineAsync(CancellationToken cancellationToken) =>
        FindAsync(
            async () => MachineFindings.Of(await new MachineSights(host).LookAsync(cancellationToken).ConfigureAwait(false)),
            trouble => [Trouble(trouble, "wan providers", "machine")]
        );

    /// <summary>A model: it is opened, and makes two short clips. Whatever keeps it from that is found, too.</summary>
    /// <param name="settings">The model, and what computes it.</param>
    /// <param name="cancellationToken">Stops within a step.</param>
    public Task<IReadOnlyList<Finding>> LookAtModelAsync(EngineSettings settings, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return FindAsync(
            async () => ModelFindings.Of(await MeasureAsync(settings, cancellationToken).ConfigureAwait(false)),
            trouble =>
                trouble is CheckpointException wrong ? ModelFindings.Of(SightOf(settings, wrong)) : [Trouble(trouble, Plan(settings))]
        );
    }

    /// <summary>What is found; a trouble that keeps from looking is found, too.</summary>
    private static async Task<IReadOnlyList<Finding>> FindAsync(
        Func<Task<IEnumerable<Finding>>> look,
        Func<Exception, IEnumerable<Finding>> of
    )
    {
        try
        {
            return [.. await look().ConfigureAwait(false)];
        }
        catch (Exception e) when (IsTrouble(e)) // anything else is a defect of this program
        {
            return [.. of(e)];
        }
    }

    /// <summary>What this program says of files and requests, and what a machine and its libraries do.</summary>
    private static bool IsTrouble(Exception exception) =>
        exception
            is CheckpointException
                or InvalidRequestException
                or OrtException
                or OrtLibraryException
                or MemoryLimitException
                or MediaException
                or IOException
                or InvalidDataException
                or UnauthorizedAccessException
                or SecurityException
                or OutOfMemoryException
                or DllNotFoundException
                or EntryPointNotFoundException
                or BadImageFormatException
                or Win32Exception;

    private static Finding Trouble(Exception trouble, string command, string topic = "model") =>
        trouble switch
        {
            MemoryLimitException or OutOfMemoryException or InvalidRequestException { Field: "memory" or "host-memory" } => Finding.Problem(
                "memory",
                trouble.Message,
                command
            ),
            OrtLibraryException or OrtException or DllNotFoundException or EntryPointNotFoundException or BadImageFormatException =>
                Finding.Problem("library", trouble.Message, "wan providers"),
            _ => Finding.Problem(topic, trouble.Message, command),
        };

    private static string Plan(EngineSettings settings) => $"wan plan \"…\" --model {ShellWord.Quote(settings.Model)}";

    private ModelSight SightOf(EngineSettings settings, CheckpointException wrong)
    {
        var file = File.Exists(wrong.File) ? Path.GetFullPath(wrong.File) : null;
        var pulled = Path.GetFullPath(host.HubModels.Cache.Folder) + Path.DirectorySeparatorChar;
        return new ModelSight
        {
            Model = settings.Model,
            Problem = wrong.Message,
            ProblemFile = file,
            IsPulled = file?.StartsWith(pulled, StringComparison.Ordinal) == true,
        };
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
        return [.. ClipFindings.Of(clip, host.OpenPresets().Catalog)];
    }

    private async Task<ModelSight> MeasureAsync(EngineSettings settings, CancellationToken cancellationToken)
    {
        using var engine = EngineHost.Open(host, settings);
        var model = engine.Model;
        var costs = EngineHost.CostsOf(host, model, settings, engine.Precision);
        using var folder = WorkFolder.CreateTemporary();
        var request = new GenerationRequest
        {
            Prompt = Prompt,
            Images = PlainImages(model),
            Control = model.Transformer.JoinsControl ? PlainControl(model, folder) : null,
            Camera = model.Transformer.CameraStride is null ? null : "static",
        };
        var own = costs.Sketch(request);
        var sight = new ModelSight
        {
            Model = settings.Model,
            WeightTypes = [.. model.TransformerWeights.BytesByType().OrderByDescending(type => type.Value).Select(type => type.Key)],
            IsQuantized = QuantizedFiles.FindQuantized(model) is not null,
            MayUseIntegers = engine.Precision == Precision.Full && engine.Session.IsOnHost,
            TinyDecoder = SmallDecoders.Find(model, host),
            TinyDecoderToPull = SmallDecoders.ToPull(model),
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
        var eightBit = engine.Precision == Precision.Full ? EngineHost.CostsOf(host, model, settings, Precision.EightBit) : null;
        return sight with
        {
            Memory = (
                cost.PrivateBytes,
                MemoryAllowance
                    .Of(settings.Memory?.Bytes, settings.HostMemory?.Bytes, engine.Session.IsOnHost, HostMemoryFacts.Read())
                    .Bytes
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
        int[] frames = model.Transformer.ModelType switch
        {
            ModelType.ImageToVideo => [0],
            ModelType.FirstLastFrameToVideo => [0, -1],
            _ => [],
        };
        var gray = Gray(model);
        return [.. frames.Select(frame => new ConditioningImage(gray, frame))];
    }

    /// <summary>A gray picture as a file, for a model that cannot do without a control.</summary>
    private static string PlainControl(WanModel model, WorkFolder folder)
    {
        const int Quality = 50;
        var file = folder["gray.webp"];
        File.WriteAllBytes(file, PictureBytes.Webp(Gray(model), Quality));
        return file;
    }

    private static RgbImage Gray(WanModel model)
    {
        const byte Level = 128;
        const int Channels = 3;
        var (width, height) = (model.Defaults.Width, model.Defaults.Height);
        var pixels = new byte[width * height * Channels];
        Array.Fill(pixels, Level);
        return new RgbImage(width, height, pixels);
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
