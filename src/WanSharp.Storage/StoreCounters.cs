using System.Text.Json;

namespace WanSharp.Storage;

/// <summary>How a store served. Counted in memory, and added to the counts of all runs when the store is left.</summary>
/// <param name="path">The file with the counts of all runs.</param>
internal sealed class StoreCounters(string path)
{
    private long _hits;
    private long _misses;
    private long _damaged;
    private long _evicted;

    public void Hit() => Interlocked.Increment(ref _hits);

    public void Miss() => Interlocked.Increment(ref _misses);

    public void Damage() => Interlocked.Increment(ref _damaged);

    public void Evict(int entries) => Interlocked.Add(ref _evicted, entries);

    /// <summary>The counts of all runs, this one included.</summary>
    public StoreCounts Total()
    {
        using var file = FileLocks.TryShared(path);
        return (file is null ? StoreCounts.Zero : Read(file)) + Here();
    }

    /// <summary>Adds this run's counts to the file. They are nice to have: whatever goes wrong loses them.</summary>
    public void Save()
    {
        var here = Here();
        if (here == StoreCounts.Zero)
        {
            return;
        }

        try
        {
            using var file = FileLocks.TryAlone(path, FileMode.OpenOrCreate);
            if (file is null)
            {
                return; // another process saves its own: they stay here for the next time
            }

            var total = Read(file) + here;
            file.SetLength(0);
            JsonSerializer.Serialize(file, total, StorageJson.Default.StoreCounts);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return;
        }

        Interlocked.Add(ref _hits, -here.Hits);
        Interlocked.Add(ref _misses, -here.Misses);
        Interlocked.Add(ref _damaged, -here.Damaged);
        Interlocked.Add(ref _evicted, -here.Evicted);
    }

    private StoreCounts Here() =>
        new(Interlocked.Read(ref _hits), Interlocked.Read(ref _misses), Interlocked.Read(ref _damaged), Interlocked.Read(ref _evicted));

    private static StoreCounts Read(FileStream file)
    {
        try
        {
            file.Position = 0;
            return JsonSerializer.Deserialize(file, StorageJson.Default.StoreCounts) ?? StoreCounts.Zero;
        }
        catch (JsonException)
        {
            return StoreCounts.Zero; // new, or damaged
        }
    }
}
