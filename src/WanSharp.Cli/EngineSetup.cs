using WanSharp.Cli.Commands;
using WanSharp.Cli.Terminal;
using WanSharp.Engine;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Strategies;
using WanSharp.Graphs;
using WanSharp.Media.Ffmpeg;
using WanSharp.Models;
using WanSharp.Runtime;
using WanSharp.Runtime.Installation;
using WanSharp.Runtime.Memory;
using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Providers;
using WanSharp.Storage;
using WanSharp.Tensors;

namespace WanSharp.Cli;

/// <summary>Opens what commands need, from options and environment variables.</summary>
internal static class EngineSetup
{
    /// <summary>ONNX Runtime: from <c>WAN_ONNXRUNTIME</c>, or an installed build that this machine can use, or from beside the program.</summary>
    public static OrtRuntime OpenRuntime(CliEnvironment environment, int? threads) => OrtRuntime.Create(new RuntimeOptions
    {
        LibraryPath = environment.Variable("WAN_ONNXRUNTIME") ?? InstalledRuntime.FindUsable(ProvidersFolder(environment)),
        Threads = threads ?? 0,
    });

    /// <summary>How graphs are compiled for a provider, or for the one that suits this machine best.</summary>
    /// <param name="environment">Told which provider is chosen, unless it is the CPU.</param>
    /// <param name="runtime">ONNX Runtime.</param>
    /// <param name="provider">A provider's name, or "auto".</param>
    /// <param name="options">Options of the provider beyond our own.</param>
    /// <param name="compile">Whether runs are recorded.</param>
    /// <param name="memory">The device's memory that may be used; null for all of it.</param>
    /// <exception cref="InvalidRequestException">The library has no such provider, or it takes no such options.</exception>
    public static SessionSettings SettingsFor(CliEnvironment environment, OrtRuntime runtime, string provider, IReadOnlyDictionary<string, string> options, CompileChoice? compile = null, long? memory = null)
    {
        var name = provider.Equals(ProviderSelection.Auto, StringComparison.OrdinalIgnoreCase) ? Choose(environment, runtime) : Known(runtime, provider);
        if (name == "cpu" && options.Count > 0)
        {
            throw new InvalidRequestException("provider-option", $"The provider cpu has no options, and {string.Join(", ", options.Keys)} was given: leave it out, or name another provider.");
        }

        return new SessionSettings { Provider = name, ProviderOptions = OptionsFor(environment, name, options, compile, memory) };
    }

    /// <summary>The options of a provider, which need not be here.</summary>
    /// <inheritdoc cref="SettingsFor" path="/param"/>
    internal static IReadOnlyDictionary<string, string> OptionsFor(CliEnvironment environment, string provider, IReadOnlyDictionary<string, string> options, CompileChoice? compile, long? memory)
    {
        var device = new DeviceOptions
        {
            CacheFolder = Path.Combine(CacheFolder(environment), "engines"),
            MemoryLimit = memory,
            StaticShapes = compile?.Tuning == CompileTuning.ReduceOverhead,
        };
        return DeviceTuning.For(provider, device, options);
    }

    /// <summary>How a transformer is compiled; what that needs prepared is kept in the cache.</summary>
    public static TransformerOptions TransformerOptions(CliEnvironment environment, Quantization quantization, CompileMode mode = CompileMode.Blocks) => new()
    {
        Mode = mode,
        CacheFolder = Path.Combine(CacheFolder(environment), CacheSections.Graphs),
        Quantization = quantization,
        WeightsFolder = Path.Combine(CacheFolder(environment), CacheSections.Weights),
    };

    /// <summary>Keeps what <c>--compile-mode max-autotune</c> measured, beside the machine's speed.</summary>
    public static ContentStore OpenTunings(CliEnvironment environment) => new(Path.Combine(CacheFolder(environment), CacheSections.Calibration), clock: environment.Clock);

    /// <summary>What is known of each provider here, best first.</summary>
    public static IReadOnlyList<ProviderFact> Providers(CliEnvironment environment, OrtRuntime runtime) =>
        ProviderSelection.Describe(MachineFacts.Gather(runtime, environment.Variable, ProvidersFolder(environment)));

    private static string Choose(CliEnvironment environment, OrtRuntime runtime)
    {
        var chosen = ProviderSelection.Choose(Providers(environment, runtime));
        if (chosen.Name != "cpu")
        {
            environment.Error.WriteLine($"provider {chosen.Name}: {chosen.Why}");
        }

        return chosen.Name;
    }

    private static string Known(OrtRuntime runtime, string provider) =>
        runtime.AvailableProviders.FirstOrDefault(name => name.Equals(provider, StringComparison.OrdinalIgnoreCase))
            ?? throw new InvalidRequestException("provider",
                $"There is no provider '{provider}' here: choose {string.Join(", ", runtime.AvailableProviders)}, or set WAN_ONNXRUNTIME to a build of ONNX Runtime that has it.{NearestName.Hint(provider, runtime.AvailableProviders)}");

    /// <summary>How fast this machine is: remembered, or measured now.</summary>
    public static Calibration Calibrate(CliEnvironment environment, int? threads, bool again, CancellationToken cancellationToken)
    {
        var count = threads ?? Environment.ProcessorCount;
        using var store = new ContentStore(Path.Combine(CacheFolder(environment), CacheSections.Calibration), clock: environment.Clock);
        using var runtime = OpenRuntime(environment, count);
        return new Calibrator(store, count, environment.Clock).FindOrMeasure(runtime, again, new StatusLine(environment), cancellationToken);
    }

    /// <summary>A section of the cache, which tells the user once when it cannot be written.</summary>
    public static ContentStore OpenSection(CliEnvironment environment, string section) => new CacheRoot(CacheFolder(environment), environment.Clock)
        .Open(section, message => environment.Error.WriteLine($"wan: {PlainText.OneLine(message)}"));

    /// <summary>A model by name or path; names are looked up in <c>WAN_MODELS</c>, then next to the program. Says which files were found.</summary>
    public static WanModel OpenModel(CliEnvironment environment, (string NameOrPath, NamedParts Parts) choice)
    {
        var model = WanModel.Open(Models(environment).Find(choice.NameOrPath), CacheFolder(environment), choice.Parts);
        try
        {
            ModelCheck.RequireUsableDefaults(model);
            if (!model.Parts.IsDescribed)
            {
                environment.Error.WriteLine(PlainText.OneLine($"files: {model.Parts.Describe()}"));
            }

            foreach (var note in model.Parts.Notes)
            {
                environment.Error.WriteLine(PlainText.OneLine($"note: {note}"));
            }

            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    public static ModelLocator Models(CliEnvironment environment) =>
        new(environment.Variable("WAN_MODELS")?.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries) ?? []);

    /// <summary>ffmpeg, from <c>WAN_FFMPEG</c>, the search path, or beside the program.</summary>
    public static string FindFfmpeg(CliEnvironment environment) =>
        FfmpegLocator.Find(environment.Variable("WAN_FFMPEG"), environment.Variable("PATH"), AppContext.BaseDirectory);

    /// <summary>The memory that a model may use: what was said, or what is free if the model is large beside it; all there is for one that is not.</summary>
    public static EngineOptions WithMemory(this EngineOptions options, WanModel model, MemoryAmount? memory, MemoryAmount? hostMemory)
    {
        const int Small = 4; // its weights widened, and as much again for what runs need
        var stored = model.WeightTypes.Values.Sum(types => types.Values.Sum());
        return options with
        {
            Memory = memory?.Bytes,
            HostMemory = hostMemory?.Bytes,
            FollowsFreeMemory = memory == MemoryAmount.Auto || hostMemory == MemoryAmount.Auto || Small * stored > HostMemoryFacts.Read().Free,
        };
    }

    /// <summary>Where <c>wan providers install</c> puts libraries.</summary>
    public static string ProvidersFolder(CliEnvironment environment) => Path.Combine(CacheFolder(environment), "providers");

    /// <summary>Where what can be made again is kept: <c>WAN_CACHE</c>, or the user's cache folder.</summary>
    public static string CacheFolder(CliEnvironment environment) => environment.Variable("WAN_CACHE")
        ?? Path.Combine(environment.Variable("XDG_CACHE_HOME") ?? UserCache(), "wansharp");

    private static string UserCache() => OperatingSystem.IsWindows()
        ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), OperatingSystem.IsMacOS() ? "Library/Caches" : ".cache");
}
