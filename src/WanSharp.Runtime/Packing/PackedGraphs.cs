using System.Security.Cryptography;
using System.Text;
using WanSharp.Graphs;
using WanSharp.Runtime.Storage;
using WanSharp.Runtime.Weights;

namespace WanSharp.Runtime.Packing;

/// <summary>
/// Compiled graphs kept on disk with their weights packed for this processor's matrix kernels: a later start maps the
/// packed weights instead of packing them again, and they are page cache rather than memory of the process.
/// </summary>
/// <remarks>
/// An entry's key is the digest of all that changes it: graph, weights, library, settings, processor. The start of its files and
/// their lengths are checked when it is opened; the rest is not, for reading gigabytes is what the cache saves.
/// </remarks>
/// <param name="graphs">Knows the runtime, and what makes sessions differ.</param>
/// <param name="folder">Where the entries are.</param>
internal sealed class PackedGraphs(GraphCache graphs, string folder)
{
    private const string GraphFile = "graph.onnx";
    private const string DataFile = "graph.data";

    // Below a page there is nothing to map, and smaller constants are read faster with the graph.
    private const string SmallestMappedInitializer = "4096";

    /// <summary>
    /// A session of a graph whose weights are constants, from the folder or, if it has none, by way of it. Where the folder
    /// cannot be written, the session has its weights in memory.
    /// </summary>
    /// <exception cref="OrtException">The graph does not compile.</exception>
    public Session Open(OnnxGraph graph, WeightStore weights, SessionSettings settings, CancellationToken cancellationToken)
    {
        var key = KeyOf(graph, weights, settings, cancellationToken);
        using var store = new ContentStore(folder, new ContentStoreOptions { Check = EntryCheck.Start });
        if (TryOpen(store, key, settings, cancellationToken) is { } session)
        {
            return session;
        }

        store.Put(key, entry => Pack(entry, graph, weights, settings, cancellationToken));
        return TryOpen(store, key, settings, cancellationToken)
            ?? graphs.Runtime.CreateSession(graph.ToBytes(), settings, weights.For(graph), cancellationToken);
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
            // It was optimized before it was written.
            var session = graphs.Runtime.CreateSession(entry.PathOf(GraphFile), settings with { Optimization = GraphOptimization.None }, cancellationToken);
            session.Backing = entry;
            return session;
        }
        catch (OrtException)
        {
            // Damaged where nobody looked: as good as not there.
            entry.Dispose();
            store.Remove(key);
            return null;
        }
        catch
        {
            entry.Dispose();
            throw;
        }
    }

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
        graphs.Runtime.CreateSession(graph.ToBytes(), packing, weights.For(graph), cancellationToken).Dispose();
    }

    private string KeyOf(OnnxGraph graph, WeightStore weights, SessionSettings settings, CancellationToken cancellationToken)
    {
        var digests = new FileDigests(Path.Combine(folder, "digests"));
        var parts = string.Join(
            '\n',
            graphs.KeyOf(graph, settings with { ProfilePathPrefix = null }),
            $"weights {digests.Of(weights.Files, cancellationToken)}",
            $"processor {ProcessorFeatures.Describe()}");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(parts)));
    }
}
