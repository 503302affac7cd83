using WanSharp.Runtime.Providers;
using WanSharp.Tensors;

namespace WanSharp.Runtime;

/// <summary>How a graph is compiled and run. Equal settings give interchangeable sessions.</summary>
public sealed record SessionSettings
{
    /// <summary>The graph's name in messages and logs. Default: "graph".</summary>
    public string Name { get; init; } = "graph";

    /// <summary>
    /// The execution provider: "cpu", or another one that the library has (<see cref="OrtRuntime.AvailableProviders"/>), such as
    /// "cuda", "tensorrt", "webgpu", "dml", "coreml". Upper and lower case are the same. Operators that a provider does not support
    /// run on the CPU, unless <see cref="ConfigEntries"/> sets "session.disable_cpu_ep_fallback" to "1". Default: "cpu".
    /// </summary>
    public string Provider { get; init; } = ProviderProfiles.Cpu.ShortName;

    /// <summary>Options of the provider, by the names that ONNX Runtime documents for it. Default: none.</summary>
    public IReadOnlyDictionary<string, string> ProviderOptions { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// Entries of the session's configuration ("session.…", "optimization.…"), passed on as they are. Default: none.
    /// </summary>
    public IReadOnlyDictionary<string, string> ConfigEntries { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// The element type that a model's networks are written for: F32 (default), F16 or BF16. The residual stream, norms, modulation and
    /// heads stay in F32 whatever is chosen, and so do networks that a type would harm: docs/precision.md.
    /// </summary>
    public DType Compute { get; init; } = DType.F32;

    /// <summary>How far the graph is rewritten before it runs. Default: <see cref="GraphOptimization.All"/>.</summary>
    public GraphOptimization Optimization { get; init; } = GraphOptimization.All;

    /// <summary>
    /// Whether the memory of a run is planned in one piece from an earlier run of the same shapes. Default: true; false where
    /// shapes change from run to run. DirectML has no such plan.
    /// </summary>
    public bool MemoryPattern { get; init; } = true;

    /// <summary>
    /// Lengths of the graph's symbolic dimensions, by name, if they are known when it is compiled; some providers build engines for
    /// fixed shapes. Default: none.
    /// </summary>
    public IReadOnlyDictionary<string, long> Dimensions { get; init; } = new Dictionary<string, long>();

    /// <summary>Where the optimized graph is written, for inspection. Default: null, nowhere.</summary>
    public string? OptimizedModelPath { get; init; }

    /// <summary>
    /// If set, the time of every node is recorded in a file whose path begins with this; the library adds a time stamp and ".json",
    /// and writes it when the session is disposed. Such a session has its own thread pool. Default: null, no profile.
    /// </summary>
    public string? ProfilePathPrefix { get; init; }

    /// <summary>Whether the provider computes with the processor itself, by the same kernels everywhere.</summary>
    public bool IsOnHost => ProviderProfiles.Of(Provider).IsHost;

    /// <summary>The provider and its options: what tells one device from another.</summary>
    internal string ProviderKey => $"{ProviderProfiles.Normalize(Provider)}\n{Sorted(ProviderOptions)}";

    /// <summary>Settings for a small graph of our own on the same device.</summary>
    internal SessionSettings ForProvider(string name) =>
        new()
        {
            Name = name,
            Provider = Provider,
            ProviderOptions = ProviderOptions,
            Compute = Compute,
        };

    /// <summary>Entries in an order that does not depend on who wrote them.</summary>
    internal static string Sorted<T>(IReadOnlyDictionary<string, T> entries) =>
        string.Join(';', entries.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => $"{entry.Key}={entry.Value}"));
}
