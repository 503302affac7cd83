using System.Text.Json;
using Google.Protobuf;
using WanSharp.Engine.Requests;
using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Hosting;
using WanSharp.Media.Clips;
using WanSharp.Tools.Benchmarks;

namespace WanSharp.Repository.Tests;

/// <summary>
/// What graphs and clips cost in things that can be counted, against <c>bench/regressions.json</c>: never in time. A count that grew by
/// more than a tenth fails; if that is meant, copy the file that the failure names.
/// </summary>
[Collection("counted")]
public class RegressionTests
{
    private const string File = "bench/regressions.json";
    private const double Tolerance = 1.1;

    // What the runtime allocates by itself differs from run to run.
    private const double AllocationTolerance = 1.5;

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    [Fact]
    public async Task Counts_HaveNotGrown()
    {
        var counts = new SortedDictionary<string, double>(StringComparer.Ordinal);
        foreach (var (name, (transformer, vae, text)) in NamedShape.All.Where(shape => shape.Key != "shapes"))
        {
            CountTransformer(counts, name, transformer);
            CountVae(counts, name, vae);
            CountText(counts, name, text);
        }

        await CountClipAsync(counts);
        var written = Path.Combine(AppContext.BaseDirectory, "regressions.json");
        await System.IO.File.WriteAllTextAsync(
            written,
            JsonSerializer.Serialize(counts, Json) + "\n",
            TestContext.Current.CancellationToken
        );
        var recorded = JsonSerializer.Deserialize<Dictionary<string, double>>(Checkout.Read(File))!;

        string[] worse =
        [
            .. counts
                .Where(count => recorded.TryGetValue(count.Key, out var known) && count.Value > known * ToleranceOf(count.Key))
                .Select(count => $"{count.Key}: {count.Value}, was {recorded[count.Key]}"),
            .. counts.Keys.Except(recorded.Keys).Select(name => $"{name} is not recorded"),
            .. recorded.Keys.Except(counts.Keys).Select(name => $"{name} is recorded, and not counted any more"),
        ];

        Assert.True(worse.Length == 0, $"Meant so? Copy {written} to {File}.\n{string.Join('\n', worse)}");
    }

    private static double ToleranceOf(string name) =>
        name.Contains("allocated", StringComparison.Ordinal) ? AllocationTolerance : Tolerance;

    private static void CountTransformer(SortedDictionary<string, double> counts, string shape, TransformerConfig config)
    {
        var lengths = new Dictionary<string, long>
        {
            ["batch"] = 2,
            ["groups"] = 1,
            ["tokens"] = 1280,
            ["text_rows"] = 100,
        };
        foreach (var quantization in Enum.GetValues<Quantization>())
        {
            var graph = new TransformerGraphs(config, new GraphOptions { Quantization = quantization }).Block;
            var name = $"{shape} block{(quantization == Quantization.None ? "" : " int8")}";
            Count(counts, name, graph, lengths);
        }
    }

    private static void CountVae(SortedDictionary<string, double> counts, string shape, VaeConfig config)
    {
        var lengths = new Dictionary<string, long>
        {
            ["batch"] = 1,
            ["height"] = 32,
            ["width"] = 32,
        };
        var graphs = new VaeGraphs(config, new GraphOptions { Weights = WeightStorage.Initializers });
        Count(counts, $"{shape} decoder, first frame", graphs.DecodeFirst, lengths);
        Count(counts, $"{shape} decoder, others", graphs.DecodeNext, lengths);
    }

    private static void CountText(SortedDictionary<string, double> counts, string shape, Umt5Config config)
    {
        var lengths = new Dictionary<string, long> { ["batch"] = 1, ["length"] = 100 };
        Count(counts, $"{shape} text block", new TextEncoderGraphs(config, new GraphOptions()).Block, lengths);
    }

    private static void Count(SortedDictionary<string, double> counts, string name, OnnxGraph graph, Dictionary<string, long> lengths)
    {
        var work = graph.CountWork(lengths);
        counts[$"{name}: nodes"] = Nodes(graph.ToBytes());
        counts[$"{name}: operations"] = work.Operations;
        counts[$"{name}: moved, bytes"] = work.MovedBytes;
        counts[$"{name}: at once, bytes"] = work.PeakBytes;
    }

    /// <summary>Two clips of Shapes: what the first compiles, and what the second allocates.</summary>
    private static async Task CountClipAsync(SortedDictionary<string, double> counts)
    {
        var cache = Directory.CreateTempSubdirectory("wan-tests-");
        try
        {
            using var engine = EngineHost.Open(
                new WanHost(new HostOptions { CacheFolder = cache.FullName, ConfigFolder = cache.FullName }),
                new EngineSettings { Threads = 2 }
            );
            await MakeAsync(engine, 0);
            foreach (var graph in engine.Generator.Statistics.Graphs.Where(graph => graph.Compiles > 0))
            {
                counts[$"shapes clip of 4 steps: compiles of {graph.Name}"] = graph.Compiles;
                counts[$"shapes clip of 4 steps: runs of {graph.Name}"] = graph.Runs;
            }

            GC.Collect();
            var before = GC.GetTotalAllocatedBytes(precise: true);
            await MakeAsync(engine, 1);
            counts["shapes clip of 4 steps: allocated, bytes"] = GC.GetTotalAllocatedBytes(precise: true) - before;
        }
        finally
        {
            cache.Delete(recursive: true);
        }
    }

    private static async Task MakeAsync(EngineHost engine, ulong seed)
    {
        var plan = engine.Generator.Plan(
            new GenerationRequest
            {
                Prompt = "a red circle moving left on a black background",
                Steps = 4,
                Frames = 5,
                Seed = seed,
            }
        );
        await engine.Generator.GenerateAsync(plan, new NoFrames(), null, TestContext.Current.CancellationToken);
    }

    /// <summary>The nodes of a graph: field 1 of field 7 of a model.</summary>
    private static int Nodes(byte[] model)
    {
        const int Graph = 7;
        const int Node = 1;
        return Fields(model, Graph).Sum(graph => Fields(graph, Node).Count());
    }

    private static IEnumerable<byte[]> Fields(byte[] message, int field)
    {
        using var input = new CodedInputStream(message);
        while (input.ReadTag() is var tag and not 0)
        {
            if (WireFormat.GetTagFieldNumber(tag) == field && WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited)
            {
                yield return input.ReadBytes().ToByteArray();
            }
            else
            {
                input.SkipLastField();
            }
        }
    }

    private sealed class NoFrames : IFrameWriter
    {
        public Task WriteAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellationToken) => Task.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    /// <summary>After all other tests, so that nothing else allocates.</summary>
    [CollectionDefinition("counted", DisableParallelization = true)]
    public sealed class Counted;
}
