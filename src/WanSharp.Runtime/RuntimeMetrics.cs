using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace WanSharp.Runtime;

/// <summary>The metrics of this library, under the meter "WanSharp.Runtime".</summary>
internal static class RuntimeMetrics
{
    private static readonly Meter Meter = new("WanSharp.Runtime");
    private static readonly Histogram<double> CompileDuration = Meter.CreateHistogram<double>("wansharp.graph.compile.duration", "s", "Time to compile a graph.");
    private static readonly Counter<long> Hits = Meter.CreateCounter<long>("wansharp.graph.hits", "{graph}", "Compiled graphs that were there when asked for.");
    private static readonly Counter<long> Releases = Meter.CreateCounter<long>("wansharp.graph.releases", "{graph}", "Compiled graphs that were let go.");
    private static readonly Histogram<double> BlockWait = Meter.CreateHistogram<double>("wansharp.block.wait.duration", "s", "Time that a block waited for its weights.");
    private static readonly Counter<long> Shortages = Meter.CreateCounter<long>("wansharp.memory.shortages", "{run}", "Runs that asked for more memory than they may have.");

    public static void Compiled(string graph, TimeSpan time) => CompileDuration.Record(time.TotalSeconds, Named(graph));

    public static void Hit(string graph) => Hits.Add(1, Named(graph));

    public static void Released(string graph) => Releases.Add(1, Named(graph));

    public static void Waited(TimeSpan time) => BlockWait.Record(time.TotalSeconds);

    public static void Short() => Shortages.Add(1);

    private static TagList Named(string graph) => new() { { "graph", graph } };
}
