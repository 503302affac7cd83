using WanSharp.Runtime.Memory;

namespace WanSharp.Engine.Memory;

/// <summary>
/// Gives memory back when a run is short of it: caches, then residency; the caller makes batches smaller when that is not enough.
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class MemoryPressure
{
    private readonly Lock _gate = new();
    private readonly List<(ShedStage Stage, Func<long> GiveBack)> _sources = [];
    private readonly Dictionary<ShedStage, long> _counts = [];

    /// <summary>How often each stage was the last that was needed.</summary>
    public IReadOnlyDictionary<ShedStage, long> Counts
    {
        get
        {
            lock (_gate)
            {
                return new Dictionary<ShedStage, long>(_counts);
            }
        }
    }

    /// <summary>Adds something that can be given back.</summary>
    /// <param name="stage">When it goes.</param>
    /// <param name="giveBack">Gives it back, and says how many bytes it was.</param>
    public void Add(ShedStage stage, Func<long> giveBack)
    {
        lock (_gate)
        {
            _sources.Add((stage, giveBack));
        }
    }

    /// <summary>Gives back what a run lacked, stage after stage, until it is enough or there is no more.</summary>
    /// <returns>How far it had to go; <see cref="ShedStage.BatchSize"/> when all that can be given back here was too little.</returns>
    public ShedStage Relieve(MemoryLimitException shortage)
    {
        lock (_gate)
        {
            // What a limit lacks, or the whole request where the system refused it.
            var wanted =
                shortage.InUse + shortage.Requested > shortage.Limit
                    ? shortage.InUse + shortage.Requested - shortage.Limit
                    : shortage.Requested;
            var reached = ShedStage.BatchSize;
            foreach (var stage in new[] { ShedStage.Caches, ShedStage.Residency })
            {
                wanted -= _sources.Where(source => source.Stage == stage).Sum(source => source.GiveBack());
                if (wanted <= 0)
                {
                    reached = stage;
                    break;
                }
            }

            _counts[reached] = _counts.GetValueOrDefault(reached) + 1;
            return reached;
        }
    }
}
