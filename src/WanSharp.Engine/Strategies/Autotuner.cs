using System.Collections.Concurrent;
using System.Text;
using WanSharp.Storage;

namespace WanSharp.Engine.Strategies;

/// <summary>Times the strategies by which a network could run, once per machine, and remembers the fastest.</summary>
/// <remarks>Thread-safe, also among processes.</remarks>
/// <param name="store">Where results are kept; null: in memory alone.</param>
/// <param name="clock">The time of day.</param>
internal sealed class Autotuner(ContentStore? store, TimeProvider clock)
{
    /// <summary>A strategy other than the first is kept only if it is faster by this share: timings vary as much from run to run.</summary>
    public const double LeastGain = 0.03;

    private readonly ConcurrentDictionary<string, TuningResult> _known = new(StringComparer.Ordinal);

    /// <summary>What was measured for such runs; null when nothing was.</summary>
    /// <param name="identity">All that decides what is fastest: graph, shapes, machine, library.</param>
    /// <param name="candidates">The names of the strategies, the simplest first.</param>
    public TuningResult? Find(string identity, IReadOnlyList<string> candidates)
    {
        var key = KeyOf(identity, candidates);
        return _known.TryGetValue(key, out var known) ? known
            : store?.TryRead(key) is { } json && TuningResult.FromJson(json) is { } kept && candidates.Contains(kept.Kept)
                ? _known.GetOrAdd(key, kept)
            : null;
    }

    /// <summary>Times each strategy, unless that was done before.</summary>
    /// <param name="identity">All that decides what is fastest.</param>
    /// <param name="candidates">The names of the strategies, the simplest first.</param>
    /// <param name="time">Returns the seconds of a forward pass under a strategy.</param>
    public async Task<TuningResult> MeasureAsync(string identity, IReadOnlyList<string> candidates, Func<string, Task<double>> time)
    {
        if (Find(identity, candidates) is { } known)
        {
            return known;
        }

        var (seconds, failures) = (new Dictionary<string, double>(), new Dictionary<string, string>());
        foreach (var name in candidates.Append(candidates[0])) // the first again: it has warmed the machine for the others
        {
            if (failures.ContainsKey(name))
            {
                continue;
            }

            try
            {
                seconds[name] = Math.Min(seconds.GetValueOrDefault(name, double.MaxValue), await time(name).ConfigureAwait(false));
            }
            catch (Exception e) when (e is not (OperationCanceledException or ObjectDisposedException))
            {
                failures[name] = e.Message; // any failure: what cannot be timed is not chosen, and the clip is made all the same
            }
        }

        var timed = candidates.Where(seconds.ContainsKey).DefaultIfEmpty(candidates[0]);
        var best = timed.Aggregate((best, name) => seconds[name] < seconds[best] * (1 - LeastGain) ? name : best);
        var result = new TuningResult(best, seconds, clock.GetUtcNow()) { Failures = failures };
        var key = KeyOf(identity, candidates);
        if (seconds.Count > 0)
        {
            store?.Remove(key);
            store?.Put(key, Encoding.UTF8.GetBytes(result.ToJson()));
        }

        return _known[key] = result;
    }

    private static string KeyOf(string identity, IReadOnlyList<string> candidates) =>
        Digests.OfText($"autotune 1\n{identity}\n{string.Join('\n', candidates)}");
}
