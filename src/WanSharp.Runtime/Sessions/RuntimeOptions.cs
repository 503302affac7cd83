namespace WanSharp.Runtime;

/// <summary>Settings of an <see cref="OrtRuntime"/>.</summary>
public sealed record RuntimeOptions
{
    /// <summary>The ONNX Runtime library's file. Default: null, the one that the build puts next to the assemblies.</summary>
    public string? LibraryPath { get; init; }

    /// <summary>
    /// Threads of the pool that all sessions share, the calling thread included. Default: 0, one per physical core. Range: 0 to
    /// 1,024.
    /// </summary>
    public int Threads { get; init; }

    /// <summary>The least severe messages that <see cref="Log"/> receives. Default: <see cref="OrtLogLevel.Warning"/>.</summary>
    public OrtLogLevel LogLevel { get; init; } = OrtLogLevel.Warning;

    /// <summary>
    /// Receives the library's messages, on any thread; exceptions from it are ignored. Default: null, messages are dropped.
    /// </summary>
    public Action<OrtLogMessage>? Log { get; init; }

    /// <summary>Where trials of providers are kept. Default: nowhere.</summary>
    public TrialOptions Trials { get; init; } = new();
}
