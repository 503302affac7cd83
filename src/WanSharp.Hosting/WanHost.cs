using WanSharp.Engine;
using WanSharp.Engine.Costs;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Presets;
using WanSharp.Graphs;
using WanSharp.Hosting.Installation;
using WanSharp.Jobs.Styles;
using WanSharp.Media.Ffmpeg;
using WanSharp.Models;
using WanSharp.Models.Hub;
using WanSharp.Models.Loras;
using WanSharp.Runtime;
using WanSharp.Runtime.Memory;
using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Providers;
using WanSharp.Storage;
using WanSharp.Tensors;

namespace WanSharp.Hosting;

/// <summary>
/// Opens what programs need, in the places that <see cref="HostOptions"/> name. The composition root of the command line, of a
/// server and of tests.
/// </summary>
/// <remarks>Thread-safe. Holds nothing open.</remarks>
/// <param name="options">Where things are.</param>
public sealed class WanHost(HostOptions options)
{
    private const string Wildcards = "wildcards";

    /// <summary>Where things are.</summary>
    public HostOptions Options { get; } = options;

    /// <summary>Where builds of ONNX Runtime with more providers are installed, and ffmpeg.</summary>
    public string ProvidersFolder => Path.Combine(Options.CacheFolder, "providers");

    /// <summary>The caches.</summary>
    public CacheRoot Caches => new(Options.CacheFolder, Options.Clock);

    /// <summary>Finds models by name.</summary>
    public ModelLocator Models => new(Options.ModelFolders, HubModels);

    /// <summary>Finds models and files that were pulled, by alias or repository.</summary>
    public HubModels HubModels =>
        new(
            new HubCache(Options.Hub.CacheFolder),
            new Lazy<AliasCatalog>(() => AliasCatalog.Load(Path.Combine(Options.ConfigFolder, AliasCatalog.FileName)))
        );

    /// <summary>The ffmpeg of this machine; null where there is none.</summary>
    /// <exception cref="Media.MediaException">The options name something that is not a program.</exception>
    public string? FindFfmpeg()
    {
        var installed = ExtraCatalog.Find(ExtraCatalog.Ffmpeg, ExtraCatalog.CurrentRid)?.FolderIn(ProvidersFolder);
        return FfmpegLocator.Find(Options.Ffmpeg, Options.SearchPath, installed ?? "", Options.ProgramFolder);
    }

    /// <summary>
    /// Loads ONNX Runtime: the library that the options name, or an installed build that this machine can use, or the one next to
    /// the program.
    /// </summary>
    /// <param name="threads">Threads that compute; null for one per physical core.</param>
    public OrtRuntime OpenRuntime(int? threads) =>
        OrtRuntime.Create(
            new RuntimeOptions
            {
                LibraryPath = Options.OnnxRuntimeLibrary ?? InstalledRuntime.FindUsable(ProvidersFolder),
                Threads = threads ?? 0,
                Log = Options.RuntimeLog,
                LogLevel = Options.RuntimeLogLevel,
                Trials = new TrialOptions
                {
                    Open = OpenTunings,
                    Machine = DeviceIdentity.Of(Options.Variable),
                    Clock = Options.Clock,
                },
            }
        );

    /// <summary>What is known of each provider here, best first.</summary>
    public IReadOnlyList<ProviderFact> Providers(OrtRuntime runtime) =>
        ProviderSelection.Describe(
            MachineFacts.Gather(
                runtime.AvailableProviders,
                runtime.HasGpu(),
                Options.Variable,
                runtime.LibraryPath,
                InstalledRuntime.FindCuda(ProvidersFolder)
            )
        );

    /// <summary>
    /// What came of a provider's first uses here, with its default options, one of each type; none before them, or where it is not there.
    /// </summary>
    public IReadOnlyList<ProviderTrial> FindTrials(OrtRuntime runtime, ProviderFact fact)
    {
        ArgumentNullException.ThrowIfNull(runtime);
        ArgumentNullException.ThrowIfNull(fact);
        if (!fact.IsThere)
        {
            return [];
        }

        var none = new Dictionary<string, string>();
        var settings = new SessionSettings { Provider = fact.Name, ProviderOptions = OptionsFor(fact.Name, none, memory: null) };
        var types = Precision.All.Select(precision => precision.Compute).Distinct();
        return [.. types.Select(compute => runtime.FindTrial(settings with { Compute = compute })).OfType<ProviderTrial>()];
    }

    /// <summary>How graphs are compiled for a provider.</summary>
    /// <param name="runtime">ONNX Runtime.</param>
    /// <param name="provider">A provider's name, or "auto" for the one that suits this machine best.</param>
    /// <param name="providerOptions">Options of the provider, by ONNX Runtime's names.</param>
    /// <param name="memory">The device memory that may be used, in bytes; null for all of it.</param>
    /// <exception cref="InvalidRequestException">The library has no such provider, or it takes no such options.</exception>
    public SessionSettings SettingsFor(
        OrtRuntime runtime,
        string provider,
        IReadOnlyDictionary<string, string> providerOptions,
        long? memory = null
    )
    {
        ArgumentNullException.ThrowIfNull(runtime);
        ArgumentNullException.ThrowIfNull(provider);
        ArgumentNullException.ThrowIfNull(providerOptions);
        var name = provider.Equals(ProviderSelection.Auto, StringComparison.OrdinalIgnoreCase) ? Choose(runtime) : Known(runtime, provider);
        var settings = new SessionSettings { Provider = name };
        if (settings.IsOnHost && providerOptions.Count > 0)
        {
            throw new InvalidRequestException(
                "provider-option",
                $"The provider {name} has no options, but {string.Join(", ", providerOptions.Keys)} was "
                    + "given: leave it out, or name another provider."
            );
        }

        if (DeviceTuning.FindRefused(name, providerOptions) is { } refused)
        {
            throw new InvalidRequestException("provider-option", refused);
        }

        return settings with
        {
            ProviderOptions = OptionsFor(name, providerOptions, memory),
        };
    }

    /// <summary>The options of a provider, which need not be available here.</summary>
    /// <inheritdoc cref="SettingsFor" path="/param"/>
    public IReadOnlyDictionary<string, string> OptionsFor(
        string provider,
        IReadOnlyDictionary<string, string> providerOptions,
        long? memory
    ) =>
        DeviceTuning.For(
            provider,
            new DeviceOptions { CacheFolder = Path.Combine(Options.CacheFolder, "engines"), MemoryLimit = memory },
            providerOptions
        );

    /// <summary>How a transformer is compiled; what that needs prepared is kept in the cache.</summary>
    /// <param name="quantization">What its blocks multiply.</param>
    /// <param name="mode">How it is split into graphs.</param>
    public TransformerOptions TransformerOptions(Quantization quantization, CompileMode mode = CompileMode.Blocks) =>
        new()
        {
            Mode = mode,
            CacheFolder = Path.Combine(Options.CacheFolder, CacheSections.Graphs),
            Quantization = quantization,
            WeightsFolder = Path.Combine(Options.CacheFolder, CacheSections.Weights),
        };

    /// <summary>A section of the cache. Reports once when it cannot be written.</summary>
    /// <param name="section">One of <see cref="CacheSections"/>.</param>
    public ContentStore OpenSection(string section) => Caches.Open(section, message => Options.Notice?.Invoke(message));

    /// <summary>Keeps what measurements of this machine found.</summary>
    public ContentStore OpenTunings() => OpenSection(CacheSections.Calibration);

    /// <summary>How fast this machine is: remembered, or measured now.</summary>
    /// <param name="threads">Threads that compute; null for one per core.</param>
    /// <param name="again">Whether to measure although it is known.</param>
    /// <param name="cancellationToken">Cancels the measurement.</param>
    public Calibration Calibrate(int? threads, bool again, CancellationToken cancellationToken)
    {
        var count = threads ?? Environment.ProcessorCount;
        using var store = OpenTunings();
        using var runtime = OpenRuntime(count);
        return new Calibrator(store, count, Options.Clock).FindOrMeasure(runtime, again, Options.Status, cancellationToken);
    }

    /// <summary>Opens a model by name or path. Names are looked up in the options' folders, then next to the program.</summary>
    /// <param name="nameOrPath">The model.</param>
    /// <param name="named">Parts that are named by hand.</param>
    /// <exception cref="CheckpointException">It is not there, or cannot be used.</exception>
    public WanModel OpenModel(string nameOrPath, NamedParts? named = null)
    {
        named = (named ?? NamedParts.None).Replace(name =>
            !Path.Exists(name) && HubModels.FindFiles(name) is [var pulled] ? Path.GetFullPath(pulled) : name
        );
        string[] folders = [Options.ConfigFolder, .. Options.ModelFolders];
        var loras = new LoraPlaces([.. folders.SelectMany(LoraPlaces.In)], HubModels);
        var model = WanModel.Open(Models.Find(nameOrPath), Options.CacheFolder, named, loras);
        try
        {
            ModelCheck.RequireUsableDefaults(model);
            if (!model.Parts.IsDescribed)
            {
                Options.Notice?.Invoke($"files: {model.Parts.Describe()}");
            }

            foreach (var note in model.Parts.Notes)
            {
                Options.Notice?.Invoke($"note: {note}");
            }

            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>The styles: the program's, the user's own, and those of a file.</summary>
    /// <param name="file">The file; null for none.</param>
    /// <exception cref="InvalidDataException">A file is not a list of styles.</exception>
    public StyleCatalog OpenStyles(string? file = null) =>
        StyleCatalog.Load(
            new[] { Path.Combine(Options.ProgramFolder, StyleCatalog.FileName), Path.Combine(Options.ConfigFolder, StyleCatalog.FileName) }
                .Where(File.Exists)
                .Concat(file is null ? [] : [file])
        );

    /// <summary>The presets: the program's, the user's own, and those next to a model.</summary>
    /// <param name="model">The model; null for presets of none.</param>
    /// <exception cref="InvalidDataException">A file is not a list of presets.</exception>
    public PresetChoice OpenPresets(WanModel? model = null)
    {
        string?[] folders = [Options.ConfigFolder, model?.Folder];
        var files = folders.OfType<string>().Select(folder => Path.Combine(folder, PresetCatalog.FileName)).Where(File.Exists).ToList();
        return files.Count == 0 ? PresetChoice.Default : new PresetChoice(PresetCatalog.Load(files));
    }

    /// <summary>Where wildcards are looked for: next to the file of jobs, then in the user's own folder.</summary>
    /// <param name="source">The file of jobs.</param>
    public IReadOnlyList<string> WildcardFolders(string source) =>
        [Path.Combine(Path.GetDirectoryName(Path.GetFullPath(source))!, Wildcards), Path.Combine(Options.ConfigFolder, Wildcards)];

    /// <summary>An engine's options with memory limits: those given, or what is free if the model is large compared with it.</summary>
    /// <param name="engine">The engine's other options.</param>
    /// <param name="model">The model.</param>
    /// <param name="memory">The limit of what computes; null for none given.</param>
    /// <param name="hostMemory">The limit of the machine's own memory; null for none given.</param>
    public static EngineOptions WithMemory(EngineOptions engine, WanModel model, MemoryAmount? memory, MemoryAmount? hostMemory)
    {
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(model);
        const int Small = 4; // its weights widened, and as much again for what runs need
        var stored = model.WeightTypes.Values.Sum(types => types.Values.Sum());
        return engine with
        {
            Memory = memory?.Bytes,
            HostMemory = hostMemory?.Bytes,
            FollowsFreeMemory =
                memory == MemoryAmount.Auto || hostMemory == MemoryAmount.Auto || Small * stored > HostMemoryFacts.Read().Free,
        };
    }

    private string Choose(OrtRuntime runtime)
    {
        var chosen = ProviderSelection.Choose(Providers(runtime));
        if (!ProviderProfiles.Of(chosen.Name).IsHost)
        {
            Options.Notice?.Invoke($"provider {chosen.Name}: {chosen.Why}");
        }

        return chosen.Name;
    }

    private static string Known(OrtRuntime runtime, string provider)
    {
        var name =
            runtime.AvailableProviders.FirstOrDefault(name => ProviderProfiles.Normalize(name) == ProviderProfiles.Normalize(provider))
            ?? throw new InvalidRequestException(
                "provider",
                $"The provider '{provider}' is not available: choose {string.Join(", ", runtime.AvailableProviders)}, "
                    + "or set WAN_ONNXRUNTIME to a "
                    + $"build of ONNX Runtime that has it.{NearestName.Hint(provider, runtime.AvailableProviders)}"
            );
        return CudaLibraries.Missing(name, runtime.LibraryPath) is { Count: > 0 } missing
            ? throw new InvalidRequestException(
                "provider",
                $"The provider {name} cannot be used: {MissingLibrary.Describe(missing)}. To change that, {MissingLibrary.Remedy(missing)}."
            )
            : name;
    }
}
