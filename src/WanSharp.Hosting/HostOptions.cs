using WanSharp.Hosting.Hub;
using WanSharp.Runtime;

namespace WanSharp.Hosting;

/// <summary>Where a program that uses WanSharp finds and keeps things, and whom it tells. Nothing here depends on a model.</summary>
public sealed record HostOptions
{
    /// <summary>Folders that models are looked up in by name, before the one next to the program. Default: none.</summary>
    public IReadOnlyList<string> ModelFolders { get; init; } = [];

    /// <summary>Where everything that can be made again is kept. Default: <c>wansharp</c> in the user's cache folder.</summary>
    public string CacheFolder { get; init; } = Path.Combine(UserFolders.Cache(_ => null), "wansharp");

    /// <summary>
    /// Where a server keeps its jobs and clips unless it is told another place. Default: <c>wansharp</c> in the user's data folder.
    /// </summary>
    public string DataFolder { get; init; } = Path.Combine(UserFolders.Data(_ => null), "wansharp");

    /// <summary>Where models are pulled from and kept. Default: the public hub, the cache that its programs share.</summary>
    public HubOptions Hub { get; init; } = new();

    /// <summary>
    /// Where the user's own styles, wildcards and aliases are. Default: <c>wansharp</c> in the user's configuration folder.
    /// </summary>
    public string ConfigFolder { get; init; } = Path.Combine(UserFolders.Configuration(_ => null), "wansharp");

    /// <summary>
    /// The ONNX Runtime library to load. Default: null, an installed build that this machine can use, or the one next to the
    /// program.
    /// </summary>
    public string? OnnxRuntimeLibrary { get; init; }

    /// <summary>The ffmpeg to run. Default: null, the first on <see cref="SearchPath"/>, or the one that was installed.</summary>
    public string? Ffmpeg { get; init; }

    /// <summary>The folders that programs are searched in, as <c>PATH</c> lists them. Default: null, none.</summary>
    public string? SearchPath { get; init; }

    /// <summary>
    /// Where the program's own files are: the default model, styles, native libraries. Default: the folder of the assemblies.
    /// </summary>
    public string ProgramFolder { get; init; } = AppContext.BaseDirectory;

    /// <summary>
    /// Reads an environment variable that drivers of devices depend on; null when it is not set. Default: nothing is set.
    /// </summary>
    public Func<string, string?> Variable { get; init; } = _ => null;

    /// <summary>The clock. Default: the system's.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>
    /// Receives one-line notices that a user should see, such as which provider was chosen. Default: null, they are dropped.
    /// </summary>
    public Action<string>? Notice { get; init; }

    /// <summary>Receives what is being done during longer preparations. Default: null.</summary>
    public IProgress<string>? Status { get; init; }

    /// <summary>Receives ONNX Runtime's messages, on any thread. Default: null, they are dropped.</summary>
    public Action<OrtLogMessage>? RuntimeLog { get; init; }

    /// <summary>
    /// The lightest messages of ONNX Runtime that <see cref="RuntimeLog"/> receives. Default: <see cref="OrtLogLevel.Warning"/>.
    /// </summary>
    public OrtLogLevel RuntimeLogLevel { get; init; } = OrtLogLevel.Warning;

    /// <summary>
    /// The options that the environment variables of this process set: <c>WAN_MODELS</c>, <c>WAN_CACHE</c>,
    /// <c>WAN_ONNXRUNTIME</c>, <c>WAN_FFMPEG</c>, <c>PATH</c>, and those of <see cref="HubOptions"/>.
    /// </summary>
    public static HostOptions FromEnvironment() =>
        FromEnvironment(static name => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null);

    /// <summary>The options that environment variables set.</summary>
    /// <param name="variable">Reads a variable; null when it is not set.</param>
    public static HostOptions FromEnvironment(Func<string, string?> variable)
    {
        ArgumentNullException.ThrowIfNull(variable);
        return new HostOptions
        {
            ModelFolders = variable("WAN_MODELS")?.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries) ?? [],
            CacheFolder = variable("WAN_CACHE") ?? Path.Combine(UserFolders.Cache(variable), "wansharp"),
            DataFolder = Path.Combine(UserFolders.Data(variable), "wansharp"),
            ConfigFolder = Path.Combine(UserFolders.Configuration(variable), "wansharp"),
            Hub = HubOptions.FromEnvironment(variable),
            OnnxRuntimeLibrary = variable("WAN_ONNXRUNTIME"),
            Ffmpeg = variable("WAN_FFMPEG"),
            SearchPath = variable("PATH"),
            Variable = variable,
        };
    }
}
