using WanSharp.Tensors;

namespace WanSharp.Storage;

/// <summary>
/// A folder of entries, each named by the digest of all that decides its content, so that an entry is right or not there:
/// a cache on disk that threads and processes share.
/// </summary>
/// <remarks>
/// <para>An entry is a folder with one or several files. It is written under another name and renamed when it is whole,
/// with the digests of its files; of two writers of one key the first wins. A damaged entry is a miss: it is counted and
/// deleted. An entry that somebody holds (<see cref="TryOpen"/>) is not removed by anybody; the system frees the hold when
/// its process ends, however it ends.</para>
/// <para>A cache never fails what it serves: where the folder cannot be read or written, nothing is found and nothing
/// stored, and <see cref="ContentStoreOptions.Warn"/> hears of it once.</para>
/// <para>Thread-safe.</para>
/// </remarks>
public sealed class ContentStore : IDisposable
{
    private const string PayloadFile = "payload";

    // Collisions of locks only cost waiting, and lock files are never deleted: to delete one safely needs a lock.
    private const int LockNameLength = 3;
    private const int ShortestKey = 16;
    private const int LongestKey = 128;

    private static readonly TimeSpan LockPolling = TimeSpan.FromMilliseconds(20);

    private readonly ContentStoreOptions _options;
    private readonly TimeProvider _clock;
    private readonly StoreFolder _folder;
    private readonly StoreCounters _counters;
    private int _warned;

    /// <summary>A store; its folder is made with its first entry.</summary>
    /// <param name="folder">The folder, such as <see cref="CacheSections.Results"/> under the cache's root.</param>
    /// <param name="options">Limits.</param>
    /// <param name="clock">Tells when entries are used. Default: the system's.</param>
    public ContentStore(string folder, ContentStoreOptions? options = null, TimeProvider? clock = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        (Folder, _options, _clock) = (Path.GetFullPath(folder), options ?? new ContentStoreOptions(), clock ?? TimeProvider.System);
        _folder = new StoreFolder(Folder, _clock);
        _counters = new StoreCounters(Path.Combine(Folder, "counts.json"));
    }

    /// <summary>Where the entries are.</summary>
    public string Folder { get; }

    /// <summary>Opens an entry and holds it.</summary>
    /// <param name="key">The entry's key: 16 to 128 lower-case hexadecimal digits.</param>
    /// <returns>The entry, to be disposed; or null when it is not there, or was damaged.</returns>
    public ContentEntry? TryOpen(string key)
    {
        RequireKey(key);
        var entry = TryHold(key);
        Count(entry is not null);
        return entry;
    }

    /// <summary>Whether an entry seems to be there, without looking into it or counting.</summary>
    /// <param name="key">The entry's key.</param>
    public bool Contains(string key)
    {
        RequireKey(key);
        return _folder.HasManifest(key);
    }

    /// <summary>The keys of the entries that seem to be there and begin so.</summary>
    /// <param name="prefix">The first digits, at least two.</param>
    public IReadOnlyList<string> KeysWith(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        return _folder.KeysWith(prefix);
    }

    /// <summary>
    /// The bytes of an entry's files, without looking into it, counting, or taking it as used; null when it is not there.
    /// </summary>
    /// <param name="key">The entry's key.</param>
    public long? SizeOf(string key)
    {
        RequireKey(key);
        return _folder.SizeOf(key);
    }

    /// <summary>Reads an entry that was stored as bytes.</summary>
    /// <param name="key">The entry's key.</param>
    /// <returns>The bytes, or null when the entry is not there, or was damaged.</returns>
    public byte[]? TryRead(string key)
    {
        RequireKey(key);
        var content = TryReadPayload(key);
        Count(content is not null);
        return content;
    }

    /// <summary>Stores an entry, unless it exists.</summary>
    /// <param name="key">The entry's key.</param>
    /// <param name="write">
    /// Writes the entry's files into the folder that it is given. What it throws is passed on, except
    /// <see cref="IOException"/> and <see cref="UnauthorizedAccessException"/>: to compute inside it, catch those first.
    /// </param>
    /// <returns>Whether the entry exists now.</returns>
    public bool Put(string key, Action<string> write)
    {
        RequireKey(key);
        ArgumentNullException.ThrowIfNull(write);
        try
        {
            if (!_folder.TryPublish(key, write))
            {
                // Another writer was first; if what it left is damaged, looking removes it, and this one's takes its place.
                using var other = TryHold(key);
                if (other is null && !_folder.TryPublish(key, write))
                {
                    return false;
                }
            }

            if (_folder.IsTimeToPrune(_options.MaximumBytes))
            {
                Prune(_options.MaximumAge, _options.MaximumBytes);
            }

            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Warn(e);
            return false;
        }
    }

    /// <summary>Stores bytes, unless they exist; <see cref="TryRead"/> reads them.</summary>
    /// <param name="key">The entry's key.</param>
    /// <param name="content">The bytes.</param>
    /// <returns>Whether the entry exists now.</returns>
    public bool Put(string key, ReadOnlyMemory<byte> content) =>
        Put(
            key,
            folder =>
            {
                using var file = File.OpenHandle(Path.Combine(folder, PayloadFile), FileMode.CreateNew, FileAccess.Write);
                RandomAccess.Write(file, content.Span, 0);
            }
        );

    /// <summary>Stores bytes in the place of those that the entry holds; where that fails, the user is told.</summary>
    /// <param name="key">The entry's key.</param>
    /// <param name="content">The bytes.</param>
    /// <returns>Whether the entry holds them now.</returns>
    public bool Replace(string key, ReadOnlyMemory<byte> content)
    {
        Remove(key);
        if (!Put(key, content))
        {
            return false;
        }

        if (TryRead(key) is { } kept && kept.AsSpan().SequenceEqual(content.Span))
        {
            return true;
        }

        Warn(new IOException("What it holds already cannot be removed."));
        return false;
    }

    /// <summary>
    /// Waits until nobody else, in any process, has the lock of a key: whoever makes an entry takes it before looking for
    /// the entry, so that what several ask for at a time is made once.
    /// </summary>
    /// <param name="key">The entry's key.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Frees the lock when it is disposed. Where the folder cannot be written there are no locks, and nothing to wait
    /// for.</returns>
    public async Task<IDisposable?> LockAsync(string key, CancellationToken cancellationToken)
    {
        RequireKey(key);
        try
        {
            var path = _folder.LockFile(key[..LockNameLength]);
            while (true)
            {
                if (FileLocks.TryAlone(path, FileMode.OpenOrCreate) is { } held)
                {
                    return held;
                }

                await Task.Delay(LockPolling, _clock, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Warn(e);
            return null;
        }
    }

    /// <summary>Removes an entry that is damaged or no longer wanted.</summary>
    /// <param name="key">The entry's key.</param>
    /// <returns>Whether it was there and is gone; false also while somebody holds it.</returns>
    public bool Remove(string key)
    {
        RequireKey(key);
        return _folder.TryRemove(key);
    }

    /// <summary>
    /// Removes what is too old, then what was not used for longest, until the rest fits; and what writers that died left.
    /// </summary>
    /// <param name="olderThan">The longest that an entry may not have been used; null for any time.</param>
    /// <param name="maximumBytes">What may remain; null for any size, -1 for nothing, not even empty entries.</param>
    public PruneResult Prune(TimeSpan? olderThan, long? maximumBytes) => Prune([this], olderThan, maximumBytes)[0];

    /// <summary>What is in the store, and how it served.</summary>
    public ContentStoreStatistics Statistics()
    {
        var entries = _folder.Scan();
        var counts = _counters.Total();
        return new ContentStoreStatistics
        {
            Entries = entries.Count,
            Bytes = entries.Sum(entry => entry.Bytes),
            MaximumBytes = _options.MaximumBytes,
            OldestUse = entries.Count == 0 ? null : entries.Min(entry => entry.LastUse),
            Hits = counts.Hits,
            Misses = counts.Misses,
            Damaged = counts.Damaged,
            Evicted = counts.Evicted,
        };
    }

    /// <summary>Adds what was counted to the counts of all runs. Entries stay, and those that are held stay held.</summary>
    public void Dispose() => _counters.Save();

    /// <summary>Prunes several stores that share a limit.</summary>
    /// <returns>What was removed from each.</returns>
    internal static IReadOnlyList<PruneResult> Prune(IReadOnlyList<ContentStore> stores, TimeSpan? olderThan, long? maximumBytes)
    {
        var results = stores.Select(_ => new PruneResult(0, 0, 0)).ToArray();
        var entries = stores.SelectMany((store, index) => store._folder.Scan().Select(entry => (Entry: entry, Index: index))).ToList();
        var remaining = entries.Sum(item => item.Entry.Bytes);
        foreach (var (entry, index) in entries.OrderBy(item => item.Entry.LastUse))
        {
            var store = stores[index];
            if (store._clock.GetUtcNow() - entry.LastUse > olderThan || remaining > maximumBytes)
            {
                var result = results[index];
                if (store._folder.TryRemove(entry.Key, only: null, out var refusal))
                {
                    results[index] = result with { Entries = result.Entries + 1, Bytes = result.Bytes + entry.Bytes };
                    remaining -= entry.Bytes;
                }
                else
                {
                    results[index] = refusal is null
                        ? result with
                        {
                            InUse = result.InUse + 1,
                        }
                        : result with
                        {
                            Refused = result.Refused + 1,
                            Refusal = refusal,
                        };
                }
            }
        }

        foreach (var (store, result) in stores.Zip(results))
        {
            store._folder.RemoveAbandoned();
            store._counters.Evict(result.Entries);
        }

        return results;
    }

    private ContentEntry? TryHold(string key)
    {
        if (TryLease(key) is not { } lease)
        {
            return null;
        }

        var folder = _folder.EntryFolder(key);
        if (EntryManifest.Read(lease, key) is { } manifest && manifest.Fits(folder, _options.Check, CancellationToken.None))
        {
            _folder.Touch(key);
            return new ContentEntry(folder, lease, manifest);
        }

        DropDamaged(key, lease);
        return null;
    }

    /// <summary>Like opening and then reading, but every byte is read once.</summary>
    private byte[]? TryReadPayload(string key)
    {
        if (TryLease(key) is not { } lease)
        {
            return null;
        }

        try
        {
            var path = Path.Combine(_folder.EntryFolder(key), PayloadFile);
            if (
                EntryManifest.Read(lease, key) is { Files: [{ Name: PayloadFile } file] }
                && file.Bytes == FileFacts.Of(path).Length
                && PlainFile.ReadAllBytes(path) is var content
                && file.Fits(content)
            )
            {
                _folder.Touch(key);
                lease.Dispose();
                return content;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // As good as damaged.
        }

        DropDamaged(key, lease);
        return null;
    }

    private FileStream? TryLease(string key)
    {
        var lease = _folder.TryLease(key);
        if (lease is null && _folder.IsWithoutManifest(key) && _folder.TryRemove(key))
        {
            _counters.Damage();
        }

        return lease;
    }

    private void DropDamaged(string key, FileStream lease)
    {
        var seen = ManifestStamp.Of(lease);
        lease.Dispose();

        // An empty one may be an eviction's, between opening and locking; if it is still in its place, a power cut left it.
        if (_folder.TryRemove(key, only: seen) || seen.Length > 0)
        {
            _counters.Damage();
        }
    }

    private void Count(bool isHit)
    {
        if (isHit)
        {
            _counters.Hit();
        }
        else
        {
            _counters.Miss();
        }
    }

    private void Warn(Exception e)
    {
        if (Interlocked.Exchange(ref _warned, 1) == 0)
        {
            _options.Warn?.Invoke($"The cache in {Folder} cannot be written, so it keeps nothing new: {e.Message}");
        }
    }

    private static void RequireKey(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (key.Length is < ShortestKey or > LongestKey || key.Any(digit => !char.IsAsciiHexDigitLower(digit)))
        {
            throw new ArgumentException(
                $"'{key}' is not a key: {ShortestKey} to {LongestKey} lower-case hexadecimal digits are.",
                nameof(key)
            );
        }
    }
}
