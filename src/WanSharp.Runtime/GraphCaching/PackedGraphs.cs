using WanSharp.Graphs;
using WanSharp.Runtime.Providers;
using WanSharp.Runtime.Weights;
using WanSharp.Storage;
using WanSharp.Tensors;

namespace WanSharp.Runtime;

/// <summary>
/// Compiled graphs kept on disk with their weights packed for this processor's matrix kernels: a later start maps the
/// packed weights instead of packing them again, and they are page cache rather than memory of the process.
/// </summary>
/// <remarks>
/// An entry's key is the digest of what it is of and for: graph, weights, settings, processor. The library that wrote it is named
/// inside, so that a newer one takes its place. The start of its files, their lengths and whether anybody wrote to them since are
/// checked when it is opened; the rest is read only if somebody did, for reading gigabytes is what the cache saves.
/// </remarks>
/// <param name="graphs">Knows the runtime, and what makes sessions differ.</param>
/// <param name="folder">Where the entries are.</param>
internal sealed class PackedGraphs(GraphCache graphs, string folder)
{
    private const string GraphFile = "graph.onnx";
    private const string DataFile = "graph.data";
    private const string VersionFile = "onnxruntime.txt";

    // Below a page there is nothing to map, and smaller constants are read faster with the graph.
    private const string SmallestMappedInitializer = "4096";

    /// <summary>Sees an entry's folder before the library writes into it. For tests.</summary>
    internal Action<string>? Packing { get; init; }

    private FileDigests Digests { get; } = new(Path.Combine(folder, "digests"));

    /// <summary>
    /// A session of a graph whose weights are constants, from the folder or, if it has none, by way of it. Of several processes
    /// that want the same one makes it, and the others wait and load it. Where the folder cannot be written, the session has
    /// its weights in memory.
    /// </summary>
    /// <returns>The session, and whether it was there.</returns>
    /// <exception cref="OrtException">The graph does not compile.</exception>
    public async Task<(Session Session, bool IsLoaded)> OpenAsync(
        OnnxGraph graph,
        WeightStore weights,
        SessionSettings settings,
        CancellationToken cancellationToken
    )
    {
        var key = KeyOf(graph, settings, weights.Digest(Digests, cancellationToken));
        using var store = new ContentStore(folder, new ContentStoreOptions { Check = EntryCheck.Start });
        using var turn = await store.LockAsync(key, cancellationToken).ConfigureAwait(false);
        var isThere = store.Contains(key);
        if (TryOpen(store, key, settings, cancellationToken) is { } found)
        {
            return (found, true);
        }

        if (isThere)
        {
            graphs.CounterOf(graph).Rejected();
        }

        store.Put(key, entry => Pack(entry, graph, weights, settings, cancellationToken));
        var made =
            TryOpen(store, key, settings, cancellationToken)
            ?? graphs.Runtime.CreateSession(graph.ToBytes(), settings, weights.For(graph), cancellationToken);
        return (made, false);
    }

    /// <summary>
    /// Whether the folder seems to have a graph, so that it is loaded, not compiled. Reads no weights: whoever packed them noted
    /// their digest.
    /// </summary>
    public bool Contains(OnnxGraph graph, WeightStore weights, SessionSettings settings)
    {
        if (weights.FindDigest(Digests) is not { } digest)
        {
            return false;
        }

        using var store = new ContentStore(folder);
        return store.Contains(KeyOf(graph, settings, digest));
    }

    private Session? TryOpen(ContentStore store, string key, SessionSettings settings, CancellationToken cancellationToken)
    {
        var entry = store.TryOpen(key);
        if (entry is null)
        {
            return null;
        }

        try
        {
            if (IsOurs(entry))
            {
                // It was optimized before it was written.
                var session = graphs.Runtime.CreateSession(
                    entry.PathOf(GraphFile),
                    settings with
                    {
                        Optimization = GraphOptimization.None,
                    },
                    cancellationToken
                );
                session.Backing = entry;
                return session;
            }
        }
        catch (Exception e) when (e is OrtException or IOException)
        {
            // Damaged where nobody looked: as good as not there.
        }
        catch
        {
            entry.Dispose();
            throw;
        }

        entry.Dispose();
        store.Remove(key);
        return null;
    }

    /// <summary>Whether this version of the library wrote an entry: another one packs otherwise, and rewrites graphs otherwise.</summary>
    private bool IsOurs(ContentEntry entry) =>
        entry.Files.Contains(VersionFile) && PlainFile.ReadAllText(entry.PathOf(VersionFile)) == graphs.Runtime.Version;

    private void Pack(string entry, OnnxGraph graph, WeightStore weights, SessionSettings settings, CancellationToken cancellationToken)
    {
        var packing = settings with
        {
            ProfilePathPrefix = null,
            OptimizedModelPath = Path.Combine(entry, GraphFile),
            ConfigEntries = new Dictionary<string, string>(settings.ConfigEntries)
            {
                ["session.save_external_prepacked_constant_initializers"] = "1",
                ["session.optimized_model_external_initializers_file_name"] = DataFile,
                ["session.optimized_model_external_initializers_min_size_in_bytes"] = SmallestMappedInitializer,
            },
        };
        Packing?.Invoke(entry);
        try
        {
            graphs.Runtime.CreateSession(graph.ToBytes(), packing, weights.For(graph), cancellationToken).Dispose();
        }
        catch (OrtException e)
        {
            // A full disk, most of all. If it is the graph itself that does not compile, it shows when it is compiled in memory.
            throw new IOException($"the packed network could not be written: {e.Message}", e);
        }

        File.WriteAllText(Path.Combine(entry, VersionFile), graphs.Runtime.Version);
    }

    private static string KeyOf(OnnxGraph graph, SessionSettings settings, string weights)
    {
        var parts = string.Join(
            '\n',
            // neither changes what is packed
            GraphCache.KeyOfAnyVersion(graph, settings with { ProfilePathPrefix = null, MemoryPattern = true }),
            $"weights {weights}",
            $"processor {ProcessorFeatures.Describe()}"
        );
        return Storage.Digests.OfText(parts);
    }
}
