using System.Text.Json;
using System.Text.Json.Serialization;
using WanSharp.Storage;

namespace WanSharp.Runtime;

/// <summary>The counts of the <see cref="GraphCache"/>s of all processes, in a file of a shared folder.</summary>
/// <remarks>Thread-safe, and safe among processes.</remarks>
/// <param name="folder">The folder, made with the first counts.</param>
public sealed class GraphHistory(string folder)
{
    private const int LongestFile = 1 << 22;

    // Others hold the file as long as it takes to write a page.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    private readonly string _path = Path.Combine(folder, "history.json");

    /// <summary>
    /// The counts by graph. <see cref="GraphStatistics.PeakBytes"/> is the most of any process; what is held now, and blocks, are
    /// not kept.
    /// </summary>
    public IReadOnlyList<GraphStatistics> Read()
    {
        using var file = FileLocks.TryShared(_path);
        return file is null ? [] : Read(file);
    }

    /// <summary>Adds a process's counts. They are not essential: if the folder cannot be written, they are lost.</summary>
    internal void Add(IReadOnlyList<GraphStatistics> counts)
    {
        if (counts.Count == 0)
        {
            return;
        }

        try
        {
            Directory.CreateDirectory(folder);
            FileStream? held = null;
#pragma warning disable RS0030 // counts are added as a cache is disposed, which cannot await; another process has the file for an instant
            SpinWait.SpinUntil(() => (held = FileLocks.TryAlone(_path, FileMode.OpenOrCreate)) is not null, LongestWait);
#pragma warning restore RS0030
            using var file = held;
            if (file is not null)
            {
                var sums = Read(file)
                    .Concat(counts)
                    .GroupBy(graph => graph.Name, StringComparer.Ordinal)
                    .OrderBy(graph => graph.Key, StringComparer.Ordinal);
                GraphStatistics[] total = [.. sums.Select(graph => graph.Aggregate(Sum) with { Bytes = 0, Blocks = [] })];
                file.SetLength(0);
                JsonSerializer.Serialize(file, total, HistoryJson.Default.GraphStatisticsArray);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // As said: lost.
        }
    }

    private static GraphStatistics Sum(GraphStatistics one, GraphStatistics other) =>
        one with
        {
            Compiles = one.Compiles + other.Compiles,
            CompileTime = one.CompileTime + other.CompileTime,
            Loads = one.Loads + other.Loads,
            LoadTime = one.LoadTime + other.LoadTime,
            Hits = one.Hits + other.Hits,
            Invalid = one.Invalid + other.Invalid,
            Evictions = one.Evictions + other.Evictions,
            Runs = one.Runs + other.Runs,
            RunTime = one.RunTime + other.RunTime,
            PeakBytes = Math.Max(one.PeakBytes, other.PeakBytes),
        };

    private static GraphStatistics[] Read(FileStream file)
    {
        try
        {
            file.Position = 0;
            return file.Length > LongestFile ? [] : JsonSerializer.Deserialize(file, HistoryJson.Default.GraphStatisticsArray) ?? [];
        }
        catch (JsonException)
        {
            return []; // new, or damaged
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(GraphStatistics[]))]
internal sealed partial class HistoryJson : JsonSerializerContext;
