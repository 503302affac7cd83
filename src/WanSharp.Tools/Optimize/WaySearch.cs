namespace WanSharp.Tools.Optimize;

/// <summary>
/// Which way to measure next. Each choice alone first; then those of them together of which the most is expected: what a way costs is
/// expected from the measured way that has most of its choices, and what the others cost alone.
/// </summary>
/// <param name="choices">The choices.</param>
internal sealed class WaySearch(IReadOnlyList<LeverChoice> choices)
{
    // Shares of the model's own time that ways are looked for, so that the front has points in all places.
    private static readonly double[] Shares = [0.7, 0.5, 0.35, 0.25, 0.15, 0.1, 0.05];

    private const double Least = 1e-4; // a loss that is none

    private readonly Dictionary<string, MeasuredWay> _measured = [];
    private readonly HashSet<string> _dropped = [];
    private readonly HashSet<string> _rejected = [];
    private List<Way>? _all;
    private int _turn;
    private int _share;

    /// <summary>The model's own way, once it is measured.</summary>
    public MeasuredWay Own => _measured[Way.Own.Key];

    /// <summary>What was measured.</summary>
    public IReadOnlyCollection<MeasuredWay> Measured => _measured.Values;

    /// <summary>
    /// The model's own way, then those of which none is better in all, the slowest first. What was rejected is not among them.
    /// </summary>
    public IReadOnlyList<MeasuredWay> Front
    {
        get
        {
            var open = _measured.Values.Where(way => !_rejected.Contains(way.Way.Key)).ToList();
            var better = open.Where(way => way.Way.Choices.Count > 0 && !open.Any(way.IsDominatedBy));
            return [Own, .. better.OrderByDescending(way => way.Seconds)];
        }
    }

    /// <summary>Each choice alone, the model's own way first.</summary>
    public IReadOnlyList<Way> Alone => [Way.Own, .. choices.Select(choice => Way.Own.With(choice)!)];

    public void Add(MeasuredWay way) => _measured[way.Way.Key] = way;

    /// <summary>Takes in what a way cost on other prompts: it is no better than that.</summary>
    /// <param name="validated">What it cost on these.</param>
    /// <param name="keepsWord">Whether it still fulfils what is wanted; otherwise only the model's own way stays on the front.</param>
    public void Judge(MeasuredWay validated, bool keepsWord)
    {
        var key = validated.Way.Key;
        _measured[key] = _measured[key].WorseOf(validated);
        if (!keepsWord)
        {
            _rejected.Add(key);
        }
    }

    /// <summary>Leaves out a way that cannot be measured. A choice that cannot be made alone is left out of all ways.</summary>
    public void Drop(Way way) => _dropped.Add(way.Key);

    /// <summary>The way to measure next; null if none is expected to be better than what is known.</summary>
    /// <param name="goal">The time or the loss that is wanted.</param>
    public Way? Next(OptimizeGoal goal)
    {
        _all ??= All();
        var open = _all.Where(way => !_measured.ContainsKey(way.Key) && !_dropped.Contains(way.Key)).Select(Expect).ToList();
        for (var tried = 0; tried < 2 * Shares.Length; tried++) // the goal and a share in turn, until all shares had theirs
        {
            var found = _turn++ % 2 == 0 ? ForGoal(open, goal) : ForShare(open, Shares[_share++ % Shares.Length]);
            if (found is not null)
            {
                return found.Way;
            }
        }

        return null;
    }

    private MeasuredWay? ForGoal(List<MeasuredWay> open, OptimizeGoal goal)
    {
        var best = goal.Best(_measured.Values);
        return goal.Best(open) is { } next && (best is null || goal.IsBetter(next, best)) ? next : null;
    }

    /// <summary>The way of the least loss in a share of the time.</summary>
    private MeasuredWay? ForShare(List<MeasuredWay> open, double share)
    {
        var seconds = share * Own.Seconds;
        var known = _measured.Values.Where(way => way.Seconds <= seconds).Select(way => way.WorstLoss).DefaultIfEmpty(1).Min();
        return open.Where(way => way.Seconds <= seconds && way.WorstLoss < known - Least).MinBy(way => way.WorstLoss);
    }

    private List<Way> All()
    {
        List<Way> ways = [Way.Own];
        foreach (var lever in choices.GroupBy(choice => choice.Lever))
        {
            List<LeverChoice> useful = [.. lever.Where(IsUseful)];
            ways.AddRange(ways.SelectMany(way => useful.Select(way.With).OfType<Way>()).ToList());
        }

        return ways;
    }

    /// <summary>Whether it is no slower alone than the model's own way, and no other choice of its lever is better in all.</summary>
    private bool IsUseful(LeverChoice choice)
    {
        if (!_measured.TryGetValue(Way.Own.With(choice)!.Key, out var alone))
        {
            return false;
        }

        var others = choices.Where(one => one.Lever == choice.Lever).Select(one => _measured.GetValueOrDefault(Way.Own.With(one)!.Key));
        return alone.Seconds < Own.Seconds * 1.02 && !others.OfType<MeasuredWay>().Any(alone.IsDominatedBy);
    }

    private MeasuredWay Expect(Way way)
    {
        var near = _measured.Values.Where(known => way.Includes(known.Way)).MaxBy(known => known.Way.Choices.Count)!;
        var (seconds, start, loss) = (near.Seconds, near.StartSeconds, near.WorstLoss);
        foreach (var choice in way.Choices.Except(near.Way.Choices))
        {
            var alone = _measured[Way.Own.With(choice)!.Key];
            seconds *= alone.Seconds / Own.Seconds;
            start += alone.StartSeconds - Own.StartSeconds;
            loss += alone.WorstLoss;
        }

        return new MeasuredWay(way, seconds, start, loss, Math.Min(1, loss));
    }
}
