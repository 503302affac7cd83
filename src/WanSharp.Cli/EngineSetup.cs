using WanSharp.Cli.Terminal;
using WanSharp.Engine.Models;
using WanSharp.Engine.Output;
using WanSharp.Engine.Requests;
using WanSharp.Runtime;

namespace WanSharp.Cli;

/// <summary>Opens what commands need, from options and environment variables.</summary>
internal static class EngineSetup
{
    /// <summary>ONNX Runtime, from <c>WAN_ONNXRUNTIME</c> or from beside the program.</summary>
    public static OrtRuntime OpenRuntime(CliEnvironment environment, int? threads) => OrtRuntime.Create(new RuntimeOptions
    {
        LibraryPath = environment.Variable("WAN_ONNXRUNTIME"),
        Threads = threads ?? 0,
    });

    /// <summary>How graphs are compiled for a provider.</summary>
    /// <exception cref="InvalidRequestException">The library has no such provider.</exception>
    public static SessionSettings SettingsFor(OrtRuntime runtime, string provider) =>
        runtime.AvailableProviders.FirstOrDefault(name => name.Equals(provider, StringComparison.OrdinalIgnoreCase)) is { } known
            ? new SessionSettings { Provider = known }
            : throw new InvalidRequestException("provider",
                $"There is no provider '{provider}' here: choose {string.Join(", ", runtime.AvailableProviders)}, or set WAN_ONNXRUNTIME to a build of ONNX Runtime that has it.{NearestName.Hint(provider, runtime.AvailableProviders)}");

    /// <summary>A model by name or path; names are looked up in <c>WAN_MODELS</c>, then beside the program.</summary>
    public static WanModel OpenModel(CliEnvironment environment, string nameOrPath) =>
        WanModel.Open(Models(environment).Find(nameOrPath));

    public static ModelLocator Models(CliEnvironment environment) =>
        new(environment.Variable("WAN_MODELS")?.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries) ?? []);

    /// <summary>ffmpeg, from <c>WAN_FFMPEG</c>, the search path, or beside the program.</summary>
    public static string FindFfmpeg(CliEnvironment environment) =>
        FfmpegLocator.Find(environment.Variable("WAN_FFMPEG"), environment.Variable("PATH"), AppContext.BaseDirectory);

    /// <summary>Where what can be made again is kept: <c>WAN_CACHE</c>, or the user's cache folder.</summary>
    public static string CacheFolder(CliEnvironment environment) => environment.Variable("WAN_CACHE")
        ?? Path.Combine(environment.Variable("XDG_CACHE_HOME") ?? UserCache(), "wansharp");

    private static string UserCache() => OperatingSystem.IsWindows()
        ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), OperatingSystem.IsMacOS() ? "Library/Caches" : ".cache");
}
