using System.Collections.Concurrent;
using System.Diagnostics;
using WanSharp.Graphs;
using WanSharp.Runtime.Weights;

namespace WanSharp.Runtime;

/// <summary>
/// Compiles each graph once per settings, however many callers ask for it at a time, and owns the sessions. Unused sessions are
/// kept for the next caller, up to a limit.
/// </summary>
/// <remarks>Thread-safe.</remarks>
public sealed class GraphCache : IDisposable
{
    private readonly ConcurrentDictionary<string, CachedGraph> _entries = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, GraphCounter> _counters = new(StringComparer.Ordinal);
    private readonly GraphCacheOptions _options;
    private long _turn;
    private volatile bool _disposed;

    /// <summary>Creates an empty cache.</summary>
    /// <param name="runtime">The runtime that compiles; it must outlive the cache.</param>
    /// <param name="options">How much is kept.</param>
    public GraphCache(OrtRuntime runtime, GraphCacheOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(runtime);
        Runtime = runtime;
        _options = options ?? new GraphCacheOptions();
        _options.Validate();
    }

    internal OrtRuntime Runtime { get; }

    /// <summary>What was compiled, and how often it was used, by graph.</summary>
    public IReadOnlyList<GraphStatistics> Statistics() =>
        [.. _counters.Values.Select(counter => counter.Snapshot()).OrderBy(graph => graph.Name, StringComparer.Ordinal)];

    /// <summary>The session of a graph, compiled the first time it is asked for.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="settings">How it is compiled; its name is the graph's. With <see cref="SessionSettings.Dimensions"/>, each set
    /// of those that the graph has has its own session, up to <see cref="GraphCacheOptions.RecompileLimit"/>; from then on one
    /// session serves all others.</param>
    /// <param name="cancellationToken">Cancels the waiting, and the compilation if this caller does it; the next caller then
    /// compiles.</param>
    /// <returns>The session, which stays until the use and all its runs are disposed.</returns>
    /// <exception cref="OrtException">The graph does not compile. The next call tries again.</exception>
    /// <exception cref="ObjectDisposedException">The cache is disposed.</exception>
    /// <exception cref="OperationCanceledException">The call was cancelled.</exception>
    public async Task<SessionUse> RentAsync(OnnxGraph graph, SessionSettings settings, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(settings);
        var counter = CounterOf(graph);
        var entry = Find(
            graph,
            settings with
            {
                Dimensions = settings
                    .Dimensions.Where(dimension => graph.Inputs.Any(input => input.Shape.Contains(dimension.Key)))
                    .ToDictionary(),
            }
        );
        await entry.Gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (entry.Session is null)
            {
                var started = Stopwatch.GetTimestamp();
                var session = await Task.Run(
                        () => Runtime.CreateSession(graph.ToBytes(), entry.Settings with { Name = graph.Name }, cancellationToken),
                        cancellationToken
                    )
                    .ConfigureAwait(false);
                session.Counter = counter;
                entry.Session = session;
                counter.Compiled(Stopwatch.GetElapsedTime(started), session.Bytes);
            }
            else
            {
                counter.Hit();
            }

            if (_disposed) // meanwhile, and Dispose may have passed before the session was there
            {
                entry.Session.Dispose();
                throw new ObjectDisposedException(nameof(GraphCache));
            }

            entry.LastUse = Interlocked.Increment(ref _turn);
            return entry.Session.Use();
        }
        finally
        {
            entry.Gate.Release();
            Release(_options.KeepCompiled, _options.KeepBytes);
        }
    }

    /// <summary>Disposes unused sessions, least recently used first.</summary>
    /// <param name="keep">How many sessions may stay, including those in use.</param>
    /// <param name="keepBytes">How many bytes of memory they may hold together.</param>
    /// <returns>How many were disposed.</returns>
    public int Release(int keep, long keepBytes = long.MaxValue)
    {
        var released = 0;
        var compiled = _entries.Values.Where(entry => entry.Session is not null).OrderBy(entry => entry.LastUse).ToList();
        var bytes = compiled.Sum(entry => entry.Session?.Bytes ?? 0);
        foreach (var entry in compiled)
        {
            if (compiled.Count - released <= keep && bytes <= keepBytes)
            {
                break;
            }

#pragma warning disable RS0030 // asks, and does not wait
            if (!entry.Gate.Wait(0)) // somebody is about to use it
#pragma warning restore RS0030
            {
                continue;
            }

            try
            {
                if (entry.Session is { IsUsed: false } session)
                {
                    entry.Session = null;
                    session.Dispose();
                    _counters[session.Name].Evicted();
                    bytes -= session.Bytes;
                    released++;
                }
            }
            finally
            {
                entry.Gate.Release();
            }
        }

        return released;
    }

    /// <summary>Disposes every session, and adds what was counted to <see cref="GraphCacheOptions.HistoryFolder"/>.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        if (_options.HistoryFolder is { } folder)
        {
            new GraphHistory(folder).Add(Statistics());
        }

        foreach (var entry in _entries.Values)
        {
            entry.Session?.Dispose();
        }
    }

    /// <summary>Counts what happens to a graph.</summary>
    internal GraphCounter CounterOf(OnnxGraph graph) => _counters.GetOrAdd(graph.Name, static name => new GraphCounter(name));

    /// <summary>
    /// Compiles a graph whose weights are constants. The session is the caller's: it holds memory that is of no use to anybody else.
    /// </summary>
    /// <param name="graph">The graph.</param>
    /// <param name="weights">Its weights.</param>
    /// <param name="settings">How it is compiled; its name is the graph's.</param>
    /// <param name="cancellationToken">Cancels the compilation.</param>
    /// <exception cref="OrtException">The graph does not compile.</exception>
    internal Task<Session> OpenAsync(OnnxGraph graph, WeightStore weights, SessionSettings settings, CancellationToken cancellationToken) =>
        OpenAsync(
            graph,
            settings,
            named => Task.FromResult((Runtime.CreateSession(graph.ToBytes(), named, weights.For(graph), cancellationToken), false)),
            cancellationToken
        );

    /// <summary>Counts a session that is made elsewhere: compiled, or loaded from disk.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="settings">How it is compiled; its name is the graph's.</param>
    /// <param name="open">Makes the session, and says whether it was loaded.</param>
    /// <param name="cancellationToken">Cancels the compilation.</param>
    internal async Task<Session> OpenAsync(
        OnnxGraph graph,
        SessionSettings settings,
        Func<SessionSettings, Task<(Session Session, bool IsLoaded)>> open,
        CancellationToken cancellationToken
    )
    {
        var counter = CounterOf(graph);
        settings = settings with { Name = graph.Name };
        var started = Stopwatch.GetTimestamp();
        var (session, isLoaded) = await Task.Run(() => open(settings), cancellationToken).ConfigureAwait(false);
        session.Counter = counter;
        if (isLoaded)
        {
            counter.Loaded(Stopwatch.GetElapsedTime(started), session.Bytes);
        }
        else
        {
            counter.Compiled(Stopwatch.GetElapsedTime(started), session.Bytes);
        }

        return session;
    }

    /// <summary>
    /// All that makes one compiled graph differ from another: the graph, which is written for a dtype and a strategy, the library,
    /// and the settings except the name.
    /// </summary>
    internal string KeyOf(OnnxGraph graph, SessionSettings settings) =>
        $"onnxruntime {Runtime.Version}\n{KeyOfAnyVersion(graph, settings)}";

    /// <summary>The same for whatever version of the library.</summary>
    internal static string KeyOfAnyVersion(OnnxGraph graph, SessionSettings settings) =>
        string.Join(
            '\n',
            graph.Digest,
            settings.ProviderKey,
            SessionSettings.Sorted(settings.ConfigEntries),
            SessionSettings.Sorted(settings.Dimensions),
            settings.Optimization,
            settings.MemoryPattern,
            settings.OptimizedModelPath,
            "", // a setting that is gone: without its place the networks that are packed on disk would be packed again
            settings.ProfilePathPrefix
        );

    private CachedGraph Find(OnnxGraph graph, SessionSettings settings)
    {
        if (settings.Dimensions.Count == 0)
        {
            return EntryOf(settings);
        }

        var any = EntryOf(settings with { Dimensions = new Dictionary<string, long>() });
        var key = KeyOf(graph, settings);
        lock (any.Variants)
        {
            return any.Variants.Contains(key) || any.Variants.Count < _options.RecompileLimit && any.Variants.Add(key)
                ? EntryOf(settings)
                : any;
        }

        CachedGraph EntryOf(SessionSettings compiled) => _entries.GetOrAdd(KeyOf(graph, compiled), _ => new CachedGraph(compiled));
    }

    private sealed class CachedGraph(SessionSettings settings)
    {
        private volatile Session? _session;

        public SessionSettings Settings { get; } = settings;

        /// <summary>Lets one caller compile at a time.</summary>
        public SemaphoreSlim Gate { get; } = new(1, 1);

        /// <summary>For the graph of any dimensions: the keys of those that were asked for with dimensions of their own.</summary>
        public HashSet<string> Variants { get; } = [];

        public long LastUse { get; set; }

        public Session? Session
        {
            get => _session;
            set => _session = value;
        }
    }
}
