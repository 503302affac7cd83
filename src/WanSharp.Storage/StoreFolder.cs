using WanSharp.Tensors;

namespace WanSharp.Storage;

/// <summary>
/// The files of a <see cref="ContentStore"/>: <c>ab/abcd…/</c> for an entry, <c>partial/</c> for what is being written or
/// removed, <c>locks/</c>. An entry's manifest carries the lock of its lease, and as its time of change that of its last use.
/// </summary>
internal sealed class StoreFolder(string root, TimeProvider clock)
{
    private const int FanOut = 2;

    /// <summary>The share of the budget after which a process looks at the whole folder again; others write there too.</summary>
    private const int WritesPerScan = 16;

    private const int MostBeginnings = 16;

    private static readonly TimeSpan LongestWithoutManifest = TimeSpan.FromHours(1);

    private long _writtenSinceScan = long.MaxValue / 2; // the first write looks
    private readonly string _partials = Path.Combine(root, "partial");

    public string EntryFolder(string key) => Path.Combine(root, key[..FanOut], key);

    /// <summary>The file that a lock of this name locks.</summary>
    public string LockFile(string name)
    {
        var folder = Directory.CreateDirectory(Path.Combine(root, "locks"));
        return Path.Combine(folder.FullName, name);
    }

    /// <summary>
    /// Writes an entry, flushes it to the disk and renames it into its place, so that it survives a power cut or was never there.
    /// </summary>
    /// <returns>False when the place is taken.</returns>
    public bool TryPublish(string key, Action<string> write)
    {
        var entry = EntryFolder(key);
        if (Directory.Exists(entry))
        {
            return false;
        }

        var (partial, manifestFile) = Begin();
        try
        {
            using var held = manifestFile;
            write(partial);
            var manifest = EntryManifest.Describe(key, partial);
            manifest.Write(manifestFile);
            manifestFile.Flush();
            File.SetLastWriteTimeUtc(manifestFile.SafeFileHandle, clock.GetUtcNow().UtcDateTime);
            DurableFiles.Flush(manifestFile);
            DurableFiles.CreateFolder(Path.GetDirectoryName(entry)!);
            if (!TryMove(partial, entry, manifestFile, flush: true))
            {
                return false;
            }

            Interlocked.Add(ref _writtenSinceScan, manifest.Files.Sum(file => file.Bytes));
            return true;
        }
        finally
        {
            DeleteFolder(partial);
        }
    }

    /// <summary>
    /// A folder for an entry that is to be written, and its manifest, held so that nobody takes it for abandoned. Whoever sweeps may have
    /// come between making and locking it: then another is made.
    /// </summary>
    private (string Partial, FileStream Manifest) Begin()
    {
        for (var attempt = 1; ; attempt++)
        {
            var partial = Path.Combine(_partials, Path.GetRandomFileName());
            Directory.CreateDirectory(partial);
            try
            {
                var manifest = new FileStream(ManifestOf(partial), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
                if (File.Exists(manifest.Name))
                {
                    return (partial, manifest);
                }

                manifest.Dispose(); // swept before it was locked
            }
            catch (IOException) when (attempt < MostBeginnings)
            {
                DeleteFolder(partial);
            }
        }
    }

    /// <summary>Opens an entry's manifest so that nobody removes the entry; empty if somebody just did, or the power was cut.</summary>
    public FileStream? TryLease(string key) => FileLocks.TryShared(ManifestOf(EntryFolder(key)));

    /// <summary>Whether an entry exists, according to its manifest: an empty one does not count.</summary>
    public bool HasManifest(string key) => FileFacts.Of(ManifestOf(EntryFolder(key))) is { Exists: true, Length: > 0 };

    /// <summary>The bytes of an entry's files; null when it is not there.</summary>
    public long? SizeOf(string key)
    {
        try
        {
            return HasManifest(key) ? new DirectoryInfo(EntryFolder(key)).GetFiles().Sum(file => file.Length) : null;
        }
        catch (DirectoryNotFoundException)
        {
            return null; // removed in this moment
        }
    }

    /// <summary>Whether an entry has lost its manifest: none is published without.</summary>
    public bool IsWithoutManifest(string key) => Directory.Exists(EntryFolder(key)) && !File.Exists(ManifestOf(EntryFolder(key)));

    /// <summary>Notes that an entry is used now.</summary>
    public void Touch(string key)
    {
        try
        {
            File.SetLastWriteTimeUtc(ManifestOf(EntryFolder(key)), clock.GetUtcNow().UtcDateTime);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A folder that may only be read: nothing is removed from it either.
        }
    }

    /// <summary>Removes an entry that nobody holds.</summary>
    /// <param name="key">The entry's key.</param>
    /// <param name="only">The manifest that was found damaged: a sound one that took its place stays. Null for any.</param>
    public bool TryRemove(string key, ManifestStamp? only = null) => TryRemove(key, only, out _);

    /// <summary>Removes an entry that nobody holds.</summary>
    /// <param name="key">The entry's key.</param>
    /// <param name="only">The manifest that was found damaged: a sound one that took its place stays. Null for any.</param>
    /// <param name="refusal">What the system said where it refused; null where the entry is gone, or is held.</param>
    public bool TryRemove(string key, ManifestStamp? only, out string? refusal)
    {
        refusal = null;
        var entry = EntryFolder(key);
        try
        {
            using var manifest = FileLocks.TryAlone(ManifestOf(entry), FileMode.OpenOrCreate); // made anew if it is what is missing
            if (
                manifest is null
                || ManifestStamp.Of(manifest) is var stamp && (only ?? stamp) != stamp
                || stamp != ManifestStamp.At(manifest.Name)
            )
            {
                return false; // held; replaced; or removed by somebody else between opening and locking, perhaps replaced since
            }

            Directory.CreateDirectory(_partials);
            var removed = Path.Combine(_partials, Path.GetRandomFileName());
            if (!TryMove(entry, removed, manifest, flush: false))
            {
                return false;
            }

            if (manifest.CanWrite)
            {
                manifest.SetLength(0); // whoever opened it before the move and waits for the lock sees that the entry is gone
            }

            DeleteFolder(removed);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            refusal = e.Message;
            return false;
        }
    }

    /// <summary>Removes what writers left that died.</summary>
    public void RemoveAbandoned()
    {
        foreach (var partial in Subfolders(_partials))
        {
            try
            {
                using var manifest = FileLocks.TryAlone(ManifestOf(partial), FileMode.Open);
                if (manifest is not null)
                {
                    DeleteFolder(partial);
                }
            }
            catch (FileNotFoundException)
            {
                // Only just made, only just going, or left so by a process that died then.
                if (clock.GetUtcNow() - Directory.GetLastWriteTimeUtc(partial) > LongestWithoutManifest)
                {
                    DeleteFolder(partial);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Gone since it was listed, or another user's.
            }
        }
    }

    /// <summary>Whether enough was written since the last time to check whether all of it fits.</summary>
    public bool IsTimeToPrune(long? maximumBytes)
    {
        if (Interlocked.Read(ref _writtenSinceScan) <= (maximumBytes ?? long.MaxValue / WritesPerScan) / WritesPerScan)
        {
            return false;
        }

        Interlocked.Exchange(ref _writtenSinceScan, 0);
        return true;
    }

    /// <summary>The keys that begin with at least <see cref="FanOut"/> digits; none where the folder cannot be read.</summary>
    public IReadOnlyList<string> KeysWith(string prefix)
    {
        try
        {
            return
            [
                .. Subfolders(Path.Combine(root, prefix[..FanOut]))
                    .Select(folder => Path.GetFileName(folder))
                    .Where(key => key.StartsWith(prefix, StringComparison.Ordinal)),
            ];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>All entries, damaged ones too.</summary>
    public IReadOnlyList<StoredEntry> Scan()
    {
        var entries = new List<StoredEntry>();
        foreach (var folder in Subfolders(root).Where(folder => Path.GetFileName(folder).Length == FanOut).SelectMany(Subfolders))
        {
            try
            {
                var files = new DirectoryInfo(folder).GetFiles();
                var manifest = files.FirstOrDefault(file => file.Name == EntryManifest.FileName);
                entries.Add(
                    new StoredEntry(
                        Path.GetFileName(folder),
                        files.Sum(file => file.Length),
                        manifest?.LastWriteTimeUtc ?? DateTimeOffset.MinValue
                    )
                );
            }
            catch (IOException)
            {
                // Removed since it was listed.
            }
        }

        return entries;
    }

    private static string ManifestOf(string folder) => Path.Combine(folder, EntryManifest.FileName);

    /// <summary>Renames a folder whose manifest is locked, in one step.</summary>
    private static bool TryMove(string from, string to, FileStream manifest, bool flush)
    {
        if (OperatingSystem.IsWindows())
        {
            manifest.Dispose(); // there, a folder with an open file cannot be renamed, which protects it as well
        }

        try
        {
            DurableFiles.RenameFolder(from, to, flush);
            return true;
        }
        catch (IOException) when (Directory.Exists(to) || !Directory.Exists(from))
        {
            return false;
        }
    }

    private static void DeleteFolder(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // It was renamed.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It stays among what is abandoned.
        }
    }

    private static IEnumerable<string> Subfolders(string folder) => Directory.Exists(folder) ? Directory.EnumerateDirectories(folder) : [];
}
