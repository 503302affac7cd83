using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace WanSharp.Runtime;

/// <summary>The metrics of this library, under the meter "WanSharp.Runtime"; docs/metrics.md lists them.</summary>
internal static class RuntimeMetrics
{
    private const string Name = "WanSharp.Runtime";

    private static readonly ActivitySource Activities = new(Name);
    private static readonly Meter Meter = new(Name);
    private static readonly Histogram<double> CompileDuration = Meter.CreateHistogram<double>(
        "wansharp.graph.compile.duration",
        "s",
        "Time to compile a graph."
    );
    private static readonly Histogram<double> LoadDuration = Meter.CreateHistogram<double>(
        "wansharp.graph.load.duration",
        "s",
        "Time to load a compiled graph from disk."
    );
    private static readonly Histogram<double> RunDuration = Meter.CreateHistogram<double>(
        "wansharp.graph.run.duration",
        "s",
        "Time of a graph's run."
    );
    private static readonly UpDownCounter<long> Memory = Meter.CreateUpDownCounter<long>(
        "wansharp.graph.memory",
        "By",
        "Memory that compiled graphs hold."
    );
    private static readonly Counter<long> Hits = Meter.CreateCounter<long>(
        "wansharp.graph.hits",
        "{graph}",
        "Compiled graphs that were in memory when asked for."
    );
    private static readonly Counter<long> Misses = Meter.CreateCounter<long>(
        "wansharp.graph.misses",
        "{graph}",
        "Graphs that were compiled: they were neither in memory nor on disk."
    );
    private static readonly Counter<long> Invalid = Meter.CreateCounter<long>(
        "wansharp.graph.invalid",
        "{graph}",
        "Compiled graphs on disk that were stale or damaged."
    );
    private static readonly Counter<long> Evictions = Meter.CreateCounter<long>(
        "wansharp.graph.evictions",
        "{graph}",
        "Compiled graphs that were let go to make room."
    );
    private static readonly Histogram<double> BlockWait = Meter.CreateHistogram<double>(
        "wansharp.block.wait.duration",
        "s",
        "Time that a block waited for its weights."
    );
    private static readonly Histogram<double> BlockCompute = Meter.CreateHistogram<double>(
        "wansharp.block.compute.duration",
        "s",
        "Time that a block computed."
    );
    private static readonly Counter<long> Shortages = Meter.CreateCounter<long>(
        "wansharp.memory.shortages",
        "{run}",
        "Runs that asked for more memory than they may have."
    );

    /// <summary>Begins the span of a graph's run; null where nobody listens.</summary>
    /// <param name="graph">The graph's name.</param>
    /// <param name="block">Whose weights it runs with; null for a graph that is not run block by block.</param>
    public static Activity? StartRun(string graph, int? block)
    {
        var span = Activities.StartActivity("wansharp.graph");
        span?.SetTag("graph", graph);
        if (block is { } index)
        {
            span?.SetTag("block", index);
        }

        return span;
    }

    public static void Compiled(string graph, TimeSpan time, long bytes)
    {
        var tags = Named(graph);
        CompileDuration.Record(time.TotalSeconds, tags);
        Misses.Add(1, tags);
        Memory.Add(bytes, tags);
    }

    public static void Loaded(string graph, TimeSpan time, long bytes)
    {
        var tags = Named(graph);
        LoadDuration.Record(time.TotalSeconds, tags);
        Memory.Add(bytes, tags);
    }

    public static void Hit(string graph) => Hits.Add(1, Named(graph));

    public static void Rejected(string graph) => Invalid.Add(1, Named(graph));

    public static void Evicted(string graph) => Evictions.Add(1, Named(graph));

    public static void Freed(string graph, long bytes) => Memory.Add(-bytes, Named(graph));

    public static void Ran(string graph, int? block, TimeSpan time)
    {
        RunDuration.Record(time.TotalSeconds, Named(graph));
        if (block is { } index)
        {
            BlockCompute.Record(time.TotalSeconds, OfBlock(graph, index));
        }
    }

    public static void Waited(string graph, int block, TimeSpan time) => BlockWait.Record(time.TotalSeconds, OfBlock(graph, block));

    public static void Short() => Shortages.Add(1);

    private static TagList Named(string graph) => new() { { "graph", graph } };

    private static TagList OfBlock(string graph, int block) => new() { { "graph", graph }, { "block", block } };
}
