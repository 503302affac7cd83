using WanSharp.Engine.Features;

namespace WanSharp.Engine.Scheduling;

/// <summary>
/// Features by what made them: those used last in memory, all of them in a store if there is one. What several clips want at the
/// same time is computed once.
/// </summary>
/// <remarks>Thread-safe.</remarks>
/// <param name="store">Keeps features beyond the process, or null.</param>
/// <param name="capacity">Bytes that features in memory may take.</param>
internal sealed class FeatureCache(IFeatureStore? store, long capacity)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Entry> _entries = [];
    private readonly LinkedList<string> _byUse = []; // the one used last is first
    private long _bytes;

    /// <summary>Bytes that features in memory take.</summary>
    public long Bytes
    {
        get
        {
            lock (_gate)
            {
                return _bytes;
            }
        }
    }

    /// <summary>Forgets every unused feature; the store keeps its own.</summary>
    /// <returns>How many bytes they were.</returns>
    public long Trim()
    {
        lock (_gate)
        {
            var before = _bytes;
            Shrink(to: 0);
            return before - _bytes;
        }
    }

    /// <summary>A feature, from where it is or computed now.</summary>
    /// <param name="clip">The clip that needs it.</param>
    /// <param name="key">All that decides it, as a digest.</param>
    /// <param name="compute">Computes it; when its clip is given up meanwhile, another clip that waits computes.</param>
    public async Task<byte[]> GetAsync(ClipRun clip, string key, Func<Task<byte[]>> compute)
    {
        var entry = Rent(key);
        try
        {
            await entry.Turn.WaitAsync(clip.Cancelled).ConfigureAwait(false);
            try
            {
                var found = entry.Feature ?? store?.Find(key);
                clip.Clock.CountFeature(found is not null);
                var feature = found ?? await compute().ConfigureAwait(false);
                if (found is null)
                {
                    store?.Store(key, feature);
                }

                entry.Feature = feature;
                return feature;
            }
            finally
            {
                entry.Turn.Release();
            }
        }
        finally
        {
            Return(key, entry);
        }
    }

    private Entry Rent(string key)
    {
        lock (_gate)
        {
            if (!_entries.TryGetValue(key, out var entry))
            {
                _entries.Add(key, entry = new Entry(_byUse.AddFirst(key)));
            }

            entry.Users++;
            return entry;
        }
    }

    private void Return(string key, Entry entry)
    {
        lock (_gate)
        {
            entry.Users--;
            _byUse.Remove(entry.Place);
            _byUse.AddFirst(entry.Place);
            if (entry.Feature is { } feature && !entry.IsCounted)
            {
                entry.IsCounted = true;
                _bytes += feature.Length;
            }

            if (entry is { Users: 0, Feature: null })
            {
                Remove(key, entry); // it could not be computed
            }

            Shrink(to: capacity);
        }
    }

    private void Shrink(long to)
    {
        for (var last = _byUse.Last; last is not null && _bytes > to; )
        {
            var (name, before) = (last.Value, last.Previous);
            if (_entries[name].Users == 0)
            {
                Remove(name, _entries[name]);
            }

            last = before;
        }
    }

    private void Remove(string key, Entry entry)
    {
        _entries.Remove(key);
        _byUse.Remove(entry.Place);
        _bytes -= entry.IsCounted ? entry.Feature!.Length : 0;
    }

    /// <summary>A feature, or the turn to compute it.</summary>
    private sealed class Entry(LinkedListNode<string> place)
    {
        public SemaphoreSlim Turn { get; } = new(1, 1);

        public LinkedListNode<string> Place => place;

        public byte[]? Feature { get; set; }

        public int Users { get; set; }

        public bool IsCounted { get; set; }
    }
}
