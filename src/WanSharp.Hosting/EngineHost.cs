using WanSharp.Engine;
using WanSharp.Engine.Costs;
using WanSharp.Engine.Features;
using WanSharp.Models;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Providers;
using WanSharp.Storage;
using WanSharp.Tensors;

namespace WanSharp.Hosting;

/// <summary>An open model, ONNX Runtime, and the generator that makes clips with them.</summary>
/// <remarks>Thread-safe. Dispose it when no clip is under way.</remarks>
public sealed class EngineHost : IDisposable
{
    private readonly OwnedParts _parts;

    private EngineHost(
        OwnedParts parts,
        WanModel model,
        OrtRuntime runtime,
        SessionSettings session,
        PrecisionChoice precision,
        IVideoGenerator generator
    ) => (_parts, Model, Runtime, Session, Chosen, Generator) = (parts, model, runtime, session, precision, generator);

    /// <summary>The model.</summary>
    public WanModel Model { get; }

    /// <summary>What executes its networks.</summary>
    public OrtRuntime Runtime { get; }

    /// <summary>How its graphs are compiled, and for which provider.</summary>
    public SessionSettings Session { get; }

    /// <summary>What its networks compute in, and why.</summary>
    public PrecisionChoice Chosen { get; }

    /// <summary>What its networks compute in.</summary>
    public Precision Precision => Chosen.Precision;

    /// <summary>Makes clips.</summary>
    public IVideoGenerator Generator { get; }

    /// <summary>Opens an engine. Networks are compiled when the first clip needs them.</summary>
    /// <param name="host">Where things are.</param>
    /// <param name="settings">The model, and what computes it. Default: the default model on the fastest provider.</param>
    /// <param name="choose">
    /// Chooses the precision, once the model is open, where the settings leave it open; null for the device's, which is the default.
    /// </param>
    /// <exception cref="Tensors.CheckpointException">The model cannot be opened.</exception>
    /// <exception cref="Tensors.InvalidRequestException">The provider is not there, or takes no such options.</exception>
    public static EngineHost Open(WanHost host, EngineSettings? settings = null, Func<EngineSight, Precision?>? choose = null)
    {
        ArgumentNullException.ThrowIfNull(host);
        settings ??= new EngineSettings();
        var parts = new OwnedParts();
        try
        {
            var model = parts.Add(host.OpenModel(settings.Model, settings.Parts));
            var runtime = parts.Add(host.OpenRuntime(settings.Threads ?? ThreadsFor(settings.Options)));
            var session = host.SettingsFor(runtime, settings.Provider, settings.ProviderOptions, settings.Memory?.Bytes) with
            {
                ProfilePathPrefix = settings.ProfilePrefix,
            };
            var free = CudaDriver.Find(session.Provider, session.ProviderOptions)?.Free; // before a trial has its libraries there
            var chosen = Choose(settings, new EngineSight(model, runtime, session), choose);
            session = session with { Compute = chosen.Precision.Compute };
            var transformer = host.TransformerOptions(chosen.Precision.Quantization, settings.Compile.Compile ?? CompileMode.Blocks);
            var options = settings.Compile.For(OptionsOf(host, model, settings), parts.Add(host.OpenTunings())) with
            {
                FreeDeviceMemory = free,
            };
            RequireKnownMemory(settings, session, options);
            if (settings.KeepsFeatures && options.FeatureBytes > 0)
            {
                options = options with { Features = new DiskFeatureStore(parts.Add(host.OpenSection(CacheSections.Features))) };
            }

            var generator = parts.Add(new VideoGenerator(model, runtime, session, transformer, options));
            return new EngineHost(parts, model, runtime, session, chosen, generator);
        }
        catch
        {
            parts.Dispose();
            throw;
        }
    }

    /// <summary>
    /// The options of an engine for a model: the memory limits, and where decoders, presets and ffmpeg are. What makes a generator of its
    /// own takes these, so that it makes the clips of <see cref="Open"/>.
    /// </summary>
    /// <param name="host">Where things are.</param>
    /// <param name="model">The model.</param>
    /// <param name="settings">What computes it.</param>
    public static EngineOptions OptionsOf(WanHost host, WanModel model, EngineSettings settings)
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(settings);
        var options = WanHost.WithMemory(settings.Options, model, settings.Memory, settings.HostMemory);
        return options with
        {
            DecoderFolders = [.. options.DecoderFolders, .. host.Models.SearchFolders],
            Presets = host.OpenPresets(model),
            Ffmpeg = host.FindFfmpeg,
        };
    }

    /// <summary>Predicts what clips cost that an engine makes.</summary>
    /// <param name="host">Where things are.</param>
    /// <param name="model">The model; it must outlive the result.</param>
    /// <param name="settings">What computes it.</param>
    /// <param name="precision">What networks compute in.</param>
    public static CostModel CostsOf(WanHost host, WanModel model, EngineSettings settings, Precision precision)
    {
        var options = OptionsOf(host, model, settings);
        return new CostModel(model, precision, options.VaeTile, options.DecoderFolders)
        {
            Presets = options.Presets,
            LoraMode = options.LoraMode,
        };
    }

    /// <summary>What an engine on the processor would compute clips in, without one being opened.</summary>
    /// <param name="host">Where things are.</param>
    /// <param name="settings">What computes.</param>
    /// <param name="model">The model.</param>
    /// <param name="presets">The presets of the clips, by name; null for a clip without.</param>
    public static PrecisionChoice PrecisionOnHost(WanHost host, EngineSettings settings, WanModel model, IEnumerable<string?> presets)
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(settings);
        return AskedFor(settings, () => host.OpenPresets(model).PrecisionFor(presets, model)) ?? PrecisionSelection.OnHost;
    }

    /// <summary>What was asked for, then what the clips' presets are for where the device has it, then what is good there.</summary>
    private static PrecisionChoice Choose(EngineSettings settings, EngineSight sight, Func<EngineSight, Precision?>? choose)
    {
        var (runtime, session) = (sight.Runtime, sight.Session);
        var asked = AskedFor(settings, () => choose?.Invoke(sight));
        if (settings.Precision is { } named)
        {
            PrecisionSelection.Require(runtime, session, named);
        }

        return
            asked is not null
            && (settings.Precision is not null || PrecisionSelection.FindProblem(runtime, session, asked.Precision) is null)
            ? asked
            : PrecisionSelection.Choose(runtime, session);
    }

    private static PrecisionChoice? AskedFor(EngineSettings settings, Func<Precision?> ofPresets) =>
        settings.Precision is { } asked ? new PrecisionChoice(asked, "it was asked for")
        : ofPresets() is { } wanted ? new PrecisionChoice(wanted, "the preset is for it")
        : null;

    /// <inheritdoc/>
    public void Dispose() => _parts.Dispose();

    /// <summary>What is free cannot be a limit where nobody tells it.</summary>
    private static void RequireKnownMemory(EngineSettings settings, SessionSettings session, EngineOptions options)
    {
        if (settings.Memory == MemoryAmount.Auto && !session.IsOnHost && options.FreeDeviceMemory is null)
        {
            throw new InvalidRequestException(
                "memory",
                $"Provider {session.Provider} does not report free memory: give a size, such as --memory 8GB."
            );
        }
    }

    /// <summary>The library's choice for one lane; for several, as many as leave no core idle.</summary>
    private static int? ThreadsFor(EngineOptions options) =>
        options.Lanes == 1 ? null : EngineOptions.ThreadsFor(options.Lanes, Environment.ProcessorCount);
}
