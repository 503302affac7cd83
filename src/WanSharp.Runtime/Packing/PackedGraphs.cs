using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using WanSharp.Graphs;
using WanSharp.Runtime.Weights;

namespace WanSharp.Runtime.Packing;

/// <summary>
/// Compiled graphs kept on disk with their weights packed for this processor's matrix kernels: a later start maps the
/// packed weights instead of packing them again, and they are page cache rather than memory of the process.
/// </summary>
/// <remarks>
/// <para>An entry is a folder named by the digest of all that changes it: graph, weights, library, settings, processor.
/// It is made under a temporary name and renamed. The graph's digest and the data's length are checked when it is
/// opened; the data itself is not, for reading gigabytes is what the cache saves. A damaged entry is deleted and made again.</para>
/// <para>Several processes may share the folder: the one that renames first wins, the others use its entry.</para>
/// </remarks>
/// <param name="graphs">Knows the runtime, and what makes sessions differ.</param>
/// <param name="folder">Where the entries are.</param>
internal sealed class PackedGraphs(GraphCache graphs, string folder)
{
    private const string GraphFile = "graph.onnx";
    private const string DataFile = "graph.data";
    private const string ManifestFile = "manifest";

    // Below a page there is nothing to map, and smaller constants are read faster with the graph.
    private const string SmallestMappedInitializer = "4096";

    /// <summary>A session of a graph whose weights are constants, from the folder or, if it has none, by way of it.</summary>
    /// <exception cref="OrtException">The graph does not compile.</exception>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public Session Open(OnnxGraph graph, WeightStore weights, SessionSettings settings, CancellationToken cancellationToken)
    {
        var entry = Path.Combine(folder, KeyOf(graph, weights, settings, cancellationToken));
        if (TryOpen(entry, settings, cancellationToken) is { } session)
        {
            return session;
        }

        Pack(entry, graph, weights, settings, cancellationToken);
        return TryOpen(entry, settings, cancellationToken)
            ?? throw new IOException($"The compiled network in {entry} is damaged as soon as it is written: check the disk.");
    }

    private Session? TryOpen(string entry, SessionSettings settings, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(entry))
        {
            return null;
        }

        try
        {
            if (File.ReadAllText(Path.Combine(entry, ManifestFile)) == ManifestOf(entry))
            {
                // It was optimized before it was written.
                return graphs.Runtime.CreateSession(Path.Combine(entry, GraphFile), settings with { Optimization = GraphOptimization.None }, cancellationToken);
            }
        }
        catch (Exception e) when (e is OrtException or FileNotFoundException)
        {
            // Damaged: as good as not there.
        }

        Directory.Delete(entry, recursive: true);
        return null;
    }

    private void Pack(string entry, OnnxGraph graph, WeightStore weights, SessionSettings settings, CancellationToken cancellationToken)
    {
        var partial = $"{entry}.{Path.GetRandomFileName()}.partial";
        Directory.CreateDirectory(partial);
        try
        {
            var packing = settings with
            {
                ProfilePathPrefix = null,
                OptimizedModelPath = Path.Combine(partial, GraphFile),
                ConfigEntries = new Dictionary<string, string>(settings.ConfigEntries)
                {
                    ["session.save_external_prepacked_constant_initializers"] = "1",
                    ["session.optimized_model_external_initializers_file_name"] = DataFile,
                    ["session.optimized_model_external_initializers_min_size_in_bytes"] = SmallestMappedInitializer,
                },
            };
            graphs.Runtime.CreateSession(graph.ToBytes(), packing, weights.For(graph), cancellationToken).Dispose();
            File.WriteAllText(Path.Combine(partial, ManifestFile), ManifestOf(partial));
            Directory.Move(partial, entry);
        }
        catch (IOException) when (Directory.Exists(entry))
        {
            // Another process was first.
        }
        finally
        {
            if (Directory.Exists(partial))
            {
                Directory.Delete(partial, recursive: true);
            }
        }
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

    private static string ManifestOf(string entry)
    {
        var graph = SHA256.HashData(File.ReadAllBytes(Path.Combine(entry, GraphFile)));
        var data = new FileInfo(Path.Combine(entry, DataFile)); // not there when no constant is large enough to be mapped
        return string.Create(CultureInfo.InvariantCulture, $"{GraphFile} sha256 {Convert.ToHexStringLower(graph)}\n{DataFile} bytes {(data.Exists ? data.Length : 0)}\n");
    }
}
