using System.Collections.Concurrent;
using System.Text;
using WanSharp.Storage;

namespace WanSharp.Engine.Strategies;

/// <summary>Times the ways in which a network could run, once on a machine, and remembers the fastest.</summary>
/// <remarks>Thread-safe, also among processes.</remarks>
/// <param name="store">Where results are kept; null: in memory alone.</param>
/// <param name="clock">The time of day.</param>
internal sealed class Autotuner(ContentStore? store, TimeProvider clock)
{
    /// <summary>Another way than the first is kept if it is faster by this share: timings differ by as much from run to run.</summary>
    public const double LeastGain = 0.03;

    private readonly ConcurrentDictionary<string, TuningResult> _known = new(StringComparer.Ordinal);

    /// <summary>What was measured for such runs; null when nothing was.</summary>
    /// <param name="identity">All that decides what is fastest: graph, shapes, machine, library.</param>
    /// <param name="ways">The names of the ways there are, the simplest first.</param>
    public TuningResult? Find(string identity, IReadOnlyList<string> ways)
    {
        var key = KeyOf(identity, ways);
        return _known.TryGetValue(key, out var known) ? known
            : store?.TryRead(key) is { } json && TuningResult.FromJson(json) is { } kept && ways.Contains(kept.Kept)
                ? _known.GetOrAdd(key, kept)
            : null;
    }

    /// <summary>Times each way, unless it was done before.</summary>
    /// <param name="identity">All that decides what is fastest.</param>
    /// <param name="ways">The names of the ways there are, the simplest first.</param>
    /// <param name="time">How many seconds a forward pass takes in a way.</param>
    public async Task<TuningResult> MeasureAsync(string identity, IReadOnlyList<string> ways, Func<string, Task<double>> time)
    {
        if (Find(identity, ways) is { } known)
        {
            return known;
        }

        var (seconds, failures) = (new Dictionary<string, double>(), new Dictionary<string, string>());
        foreach (var way in ways.Append(ways[0])) // the first again: it has warmed the machine for the others
        {
            if (failures.ContainsKey(way))
            {
                continue;
            }

            try
            {
                seconds[way] = Math.Min(seconds.GetValueOrDefault(way, double.MaxValue), await time(way).ConfigureAwait(false));
            }
            catch (Exception e) when (e is not (OperationCanceledException or ObjectDisposedException))
            {
                failures[way] = e.Message; // whatever it is: a way that cannot be timed is not chosen, and the clip is made all the same
            }
        }

        var timed = ways.Where(seconds.ContainsKey).DefaultIfEmpty(ways[0]);
        var best = timed.Aggregate((best, way) => seconds[way] < seconds[best] * (1 - LeastGain) ? way : best);
        var result = new TuningResult(best, seconds, clock.GetUtcNow()) { Failures = failures };
        var key = KeyOf(identity, ways);
        if (seconds.Count > 0)
        {
            store?.Remove(key);
            store?.Put(key, Encoding.UTF8.GetBytes(result.ToJson()));
        }

        return _known[key] = result;
    }

    private static string KeyOf(string identity, IReadOnlyList<string> ways) =>
        Digests.OfText($"autotune 1\n{identity}\n{string.Join('\n', ways)}");
}
