using System.Globalization;
using WanSharp.Engine.Denoising;
using WanSharp.Tensors;

namespace WanSharp.Engine.Scheduling;

/// <summary>
/// How many clips step together. By default what measurements of this machine show to pay: steps of one clip are timed, then
/// of two, four and so on, until neither doubling nor doubling again makes a row of the batch cheaper, or memory ends.
/// </summary>
/// <remarks>Thread-safe. What is learned about a shape is kept for the generator's life.</remarks>
/// <param name="fixedSize">The size that the user wants, or null.</param>
/// <param name="lanes">Lanes that take steps at the same time.</param>
/// <param name="bytes">The bytes of activations of the given number of clips of a key that step together.</param>
/// <param name="memory">Bytes that the activations of all lanes may take now.</param>
internal sealed class BatchSizer(int? fixedSize, int lanes, Func<BatchKey, int, long> bytes, Func<long> memory)
{
    /// <summary>A larger batch is taken if a row costs this much less: below, it only makes clips wait for each other.</summary>
    public const double LeastGain = 0.03;

    /// <summary>The least of this many timings counts: the first ones of a size allocate, and other programs disturb some.</summary>
    public const int Timings = 4;

    // Kernels split work by shape: twice as much may not pay where four times as much does.
    private const int TriedInVain = 2;

    private readonly Lock _gate = new();
    private readonly Dictionary<BatchKey, Finding> _findings = [];

    /// <summary>How many lanes may step clips of a key at the same time: as many as memory allows, and at least one.</summary>
    public int LanesFor(BatchKey key) => (int)Math.Clamp(memory() / bytes(key, fixedSize ?? 1), 1, lanes);

    /// <summary>The most clips of a key that may step together now: no more than there is memory for, but at least one.</summary>
    public int LimitFor(BatchKey key)
    {
        lock (_gate)
        {
            var limit = fixedSize ?? FindingOf(key).Limit;
            return (int)Math.Clamp(memory() / (bytes(key, 1) * LanesFor(key)), 1, limit);
        }
    }

    /// <summary>Why no more clips of a key step together; null while that is being measured.</summary>
    public string? ReasonFor(BatchKey key)
    {
        lock (_gate)
        {
            return fixedSize is not null ? "the batch size is fixed" : FindingOf(key).Reason;
        }
    }

    /// <summary>Learns from a step.</summary>
    /// <param name="key">What the clips have in common.</param>
    /// <param name="clips">How many stepped together.</param>
    /// <param name="rows">Rows of the forward pass: two for a clip with guidance, none where no clip takes a velocity.</param>
    /// <param name="duration">How long it took.</param>
    public void Observe(BatchKey key, int clips, int rows, TimeSpan duration)
    {
        lock (_gate)
        {
            var finding = FindingOf(key);
            if (fixedSize is null && finding.Reason is null && clips == finding.Limit && rows > 0)
            {
                finding.Times.Add(duration.TotalMilliseconds / rows);
                if (finding.Times.Count == Timings)
                {
                    Decide(key, finding);
                }
            }
        }
    }

    /// <summary>Records that this many clips cannot step together.</summary>
    public void Refuse(BatchKey key, int clips)
    {
        lock (_gate)
        {
            var finding = FindingOf(key);
            finding.Settle(Math.Clamp(clips / 2, 1, finding.Limit), $"{Clips(clips)} together failed");
        }
    }

    /// <summary>What is known about every key.</summary>
    public IReadOnlyList<BatchFinding> Findings()
    {
        lock (_gate)
        {
            return
            [
                .. _findings.Select(finding => new BatchFinding(
                    finding.Key.Latents,
                    fixedSize ?? finding.Value.Limit,
                    ReasonFor(finding.Key)
                )),
            ];
        }
    }

    private void Decide(BatchKey key, Finding finding)
    {
        finding.Tried.Add((finding.Limit, finding.Times.Min()));
        finding.Times.Clear();
        var (best, cost) = finding.Best;
        var without = finding.Tried.Count(tried => tried.Clips > best);
        if (without == TriedInVain)
        {
            finding.Settle(
                best,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"a row takes {cost:0.0} ms with {Clips(best)} a step and {finding.Tried[^1].Milliseconds:0.0} ms with {finding.Limit}"
                )
            );
        }
        else if (finding.Limit == EngineOptions.LargestBatch)
        {
            finding.Settle(best, $"{Clips(finding.Limit)} are the most");
        }
        else if (bytes(key, finding.Limit * 2) * LanesFor(key) is var wanted && memory() is var room && wanted > room)
        {
            finding.Settle(best, $"{Clips(finding.Limit * 2)} would take {ByteSize.Text(wanted)} of {ByteSize.Text(room)} for activations");
        }
        else
        {
            finding.Limit *= 2;
        }
    }

    private static string Clips(int count) => count == 1 ? "1 clip" : $"{count} clips";

    private Finding FindingOf(BatchKey key)
    {
        if (!_findings.TryGetValue(key, out var finding))
        {
            _findings.Add(key, finding = new Finding());
        }

        return finding;
    }

    /// <summary>What is known about one key.</summary>
    private sealed class Finding
    {
        /// <summary>The size in use: being timed, or settled.</summary>
        public int Limit { get; set; } = 1;

        /// <summary>Milliseconds a row at the limit, so far.</summary>
        public List<double> Times { get; } = [];

        /// <summary>The sizes that were timed, and what a row cost.</summary>
        public List<(int Clips, double Milliseconds)> Tried { get; } = [];

        /// <summary>Why the limit is settled; null as long as it is not.</summary>
        public string? Reason { get; private set; }

        /// <summary>The size that pays: a larger one only if it is clearly cheaper than all below.</summary>
        public (int Clips, double Milliseconds) Best =>
            Tried.Aggregate((best, tried) => tried.Milliseconds < best.Milliseconds * (1 - LeastGain) ? tried : best);

        public void Settle(int limit, string reason) => (Limit, Reason) = (limit, reason);
    }
}
