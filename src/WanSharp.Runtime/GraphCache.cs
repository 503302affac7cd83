using System.Collections.Concurrent;
using WanSharp.Graphs;

namespace WanSharp.Runtime;

/// <summary>Compiles each graph once for each settings, whoever asks for it and however many at a time, and owns the sessions.</summary>
/// <param name="runtime">What compiles; it must live as long as sessions are asked for.</param>
/// <remarks>Thread-safe. Dispose the cache, not the sessions.</remarks>
public sealed class GraphCache(OrtRuntime runtime) : IDisposable
{
    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private volatile bool _disposed;

    internal OrtRuntime Runtime => runtime;

    /// <summary>The session of a graph, compiled now if it is asked for the first time.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="settings">How it is compiled; its name is the graph's.</param>
    /// <param name="cancellationToken">Cancels the waiting, and the compilation if this caller does it; the next caller then compiles.</param>
    /// <exception cref="OrtException">The graph does not compile. The next call tries again.</exception>
    /// <exception cref="ObjectDisposedException">The cache is disposed.</exception>
    /// <exception cref="OperationCanceledException">The call was cancelled.</exception>
    public async Task<Session> GetAsync(OnnxGraph graph, SessionSettings settings, CancellationToken cancellationToken)
    {
        var entry = _entries.GetOrAdd(KeyOf(graph, settings), static _ => new Entry());
        await entry.Gate.WaitAsync(cancellationToken);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            entry.Session ??= await Task.Run(() => runtime.CreateSession(graph.ToBytes(), settings with { Name = graph.Name }, cancellationToken), cancellationToken);
            if (_disposed) // meanwhile, and Dispose may have passed before the session was there
            {
                entry.Session.Dispose();
                throw new ObjectDisposedException(nameof(GraphCache));
            }

            return entry.Session;
        }
        finally
        {
            entry.Gate.Release();
        }
    }

    /// <summary>Disposes every session.</summary>
    public void Dispose()
    {
        _disposed = true;
        foreach (var entry in _entries.Values)
        {
            entry.Session?.Dispose();
        }
    }

    /// <summary>All that makes one compiled graph differ from another: the graph, the library, and the settings but for the name.</summary>
    internal string KeyOf(OnnxGraph graph, SessionSettings settings) => string.Join(
        '\n',
        graph.Digest,
        $"onnxruntime {runtime.Version}",
        settings.ProviderKey,
        SessionSettings.Sorted(settings.ConfigEntries),
        settings.Optimization,
        settings.MemoryPattern,
        settings.OptimizedModelPath,
        settings.ExternalDataFolder,
        settings.ProfilePathPrefix);

    private sealed class Entry
    {
        private volatile Session? _session;

        /// <summary>Lets one caller compile at a time.</summary>
        public SemaphoreSlim Gate { get; } = new(1, 1);

        public Session? Session
        {
            get => _session;
            set => _session = value;
        }
    }
}
