using System.Security.Cryptography;
using System.Text;
using WanSharp.Testing;

namespace WanSharp.Storage.Tests;

public sealed class ContentStoreTests : IDisposable
{
    private const string InMemory = "/dev/shm";
    private const int ManifestRoom = 400; // an entry takes less than this next to its payload

    private readonly ScratchFolder _folder = new();
    private readonly ManualClock _clock = new();
    private readonly ContentStore _store;

    public ContentStoreTests() => _store = new ContentStore(_folder, clock: _clock);

    public void Dispose()
    {
        _store.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void KeysWith_ListsWhatBeginsSo()
    {
        using var store = new ContentStore(_folder);
        Assert.Empty(store.KeysWith("aabb"));
        foreach (var key in (string[])["aabb000000000000", "aabb000000000001", "aacc000000000000", "bbbb000000000000"])
        {
            store.Put(key, new byte[] { 1 });
        }

        Assert.Equal(["aabb000000000000", "aabb000000000001"], store.KeysWith("aabb").Order());
    }

    [Fact]
    public void TryRead_AfterPut_GivesTheBytes()
    {
        Assert.Null(_store.TryRead(Key(1)));
        Assert.True(_store.Put(Key(1), new byte[] { 1, 2, 3 }));
        Assert.Equal([1, 2, 3], _store.TryRead(Key(1)));
        AssertCounts(hits: 1, misses: 1, damaged: 0);
    }

    [Fact]
    public void Replace_PutsWhatIsNewInThePlaceOfTheOld_OrSaysThatItCannot()
    {
        var warnings = new List<string>();
        using var store = new ContentStore(_folder, new ContentStoreOptions { Warn = warnings.Add });
        Assert.True(store.Replace(Key(1), new byte[] { 1 }));
        Assert.True(store.Replace(Key(1), new byte[] { 2 }));
        Assert.Equal([2], store.TryRead(Key(1)));

        using var held = store.TryOpen(Key(1)); // so that it stays, as one does in a folder that may only be read

        Assert.False(store.Replace(Key(1), new byte[] { 3 }));
        Assert.Equal([2], store.TryRead(Key(1)));
        Assert.Contains("What it holds already cannot be removed", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void TryOpen_OfSeveralFiles_GivesTheirPaths()
    {
        _store.Put(
            Key(1),
            folder =>
            {
                File.WriteAllText(Path.Combine(folder, "one.txt"), "first");
                File.WriteAllText(Path.Combine(folder, "two.txt"), "");
            }
        );
        using var entry = _store.TryOpen(Key(1))!;
        Assert.Equal(["one.txt", "two.txt"], entry.Files);
        Assert.Equal("first", File.ReadAllText(entry.PathOf("one.txt")));
        Assert.True(entry.Verify());
    }

    [Fact]
    public void Put_OfAKeyThatIsThere_KeepsTheFirst()
    {
        Assert.True(_store.Put(Key(1), "first"u8.ToArray()));
        Assert.True(_store.Put(Key(1), "second"u8.ToArray()));
        Assert.Equal("first"u8.ToArray(), _store.TryRead(Key(1)));
    }

    [Theory]
    [InlineData("payload", true)]
    [InlineData("payload", false)]
    [InlineData("entry.json", true)]
    [InlineData("entry.json", false)]
    public void TryRead_OfADamagedEntry_IsAMissAndTheEntryGoes(string file, bool cutShort)
    {
        _store.Put(Key(1), "what was kept"u8.ToArray());
        var path = Path.Combine(_folder, Key(1)[..2], Key(1), file);
        var content = File.ReadAllBytes(path);
        content[^10] ^= 1;
        File.WriteAllBytes(path, cutShort ? content[..^3] : content);

        Assert.Null(_store.TryRead(Key(1)));
        Assert.False(Directory.Exists(Path.GetDirectoryName(path)));
        AssertCounts(hits: 0, misses: 1, damaged: 1);
        Assert.True(_store.Put(Key(1), "again"u8.ToArray()));
        Assert.Equal("again"u8.ToArray(), _store.TryRead(Key(1)));
    }

    [Theory]
    [InlineData("payload")]
    [InlineData("entry.json")]
    public void AnEntryOfWhichAPowerCutEmptiedAFile_IsAMissAndReplaced(string file)
    {
        _store.Put(Key(1), "old"u8.ToArray());
        Empty(file);
        Assert.Null(_store.TryRead(Key(1)));
        Assert.True(_store.Put(Key(1), "new"u8.ToArray()));
        Assert.Equal("new"u8.ToArray(), _store.TryRead(Key(1)));
        AssertCounts(hits: 1, misses: 1, damaged: 1);

        Empty(file);
        Assert.True(_store.Put(Key(1), "newer"u8.ToArray())); // though nobody looked before
        Assert.Equal("newer"u8.ToArray(), _store.TryRead(Key(1)));

        void Empty(string name) => File.WriteAllBytes(Path.Combine(_folder, Key(1)[..2], Key(1), name), []);
    }

    [Fact]
    public void Contains_OfAnEntryWithAnEmptyManifest_IsFalse()
    {
        _store.Put(Key(1), "old"u8.ToArray());
        Assert.True(_store.Contains(Key(1)));
        File.WriteAllBytes(Path.Combine(_folder, Key(1)[..2], Key(1), "entry.json"), []);
        Assert.False(_store.Contains(Key(1)));
        Assert.Null(_store.SizeOf(Key(1)));
    }

    [Fact]
    public void Remove_OfAnEntryThatCannotBeMoved_LeavesItAsItWas()
    {
        _store.Put(Key(1), "kept"u8.ToArray());
        Directory.Delete(Path.Combine(_folder, "partial"), recursive: true);
        File.WriteAllText(Path.Combine(_folder, "partial"), "a file where a folder should be");
        Assert.False(_store.Remove(Key(1)));
        Assert.Equal("kept"u8.ToArray(), _store.TryRead(Key(1)));
    }

    [Fact]
    public void Remove_OfAnEntryWhoseMoveIsRefused_LeavesItAsItWas()
    {
        Assert.SkipUnless(
            ((string)_folder).StartsWith(InMemory, StringComparison.Ordinal),
            "No other disk is known, where no entry moves to."
        );
        _store.Put(Key(1), "kept"u8.ToArray());
        var partials = Path.Combine(_folder, "partial");
        Directory.Delete(partials, recursive: true);
        var elsewhere = Directory.CreateTempSubdirectory("wan-tests-");
        try
        {
            Directory.CreateSymbolicLink(partials, elsewhere.FullName);

            Assert.False(_store.Remove(Key(1)));
            Assert.Equal("kept"u8.ToArray(), _store.TryRead(Key(1)));
        }
        finally
        {
            elsewhere.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("payload")]
    [InlineData("entry.json")]
    public void Put_WhereAnEntryLostAFile_ReplacesIt(string file)
    {
        _store.Put(Key(1), "old"u8.ToArray());
        File.Delete(Path.Combine(_folder, Key(1)[..2], Key(1), file));
        Assert.True(_store.Put(Key(1), "new"u8.ToArray()));
        Assert.Equal("new"u8.ToArray(), _store.TryRead(Key(1)));
        AssertCounts(hits: 1, misses: 0, damaged: 1);
    }

    [Fact]
    public void TryOpen_OfAManifestThatNamesAFileElsewhere_IsAMiss()
    {
        _store.Put(Key(1), "inside"u8.ToArray());
        var outside = Path.Combine(_folder, "outside");
        File.WriteAllText(outside, "inside");
        var manifest = Path.Combine(_folder, Key(1)[..2], Key(1), "entry.json");
        File.WriteAllText(manifest, File.ReadAllText(manifest).Replace("\"payload\"", "\"../../outside\"", StringComparison.Ordinal));
        Assert.Null(_store.TryOpen(Key(1)));
        Assert.True(File.Exists(outside));
    }

    [Fact]
    public void AnEntryUnderAnotherKeysName_IsAMiss()
    {
        _store.Put(Key(1), "one"u8.ToArray());
        Directory.CreateDirectory(Path.Combine(_folder, Key(2)[..2]));
        Directory.Move(Path.Combine(_folder, Key(1)[..2], Key(1)), Path.Combine(_folder, Key(2)[..2], Key(2)));
        Assert.Null(_store.TryRead(Key(2)));
    }

    [Fact]
    public void CheckOfTheStart_FindsDamageThereAndWhatWasWrittenTo_AndLeavesTheRestToVerify()
    {
        using var store = new ContentStore(_folder, new ContentStoreOptions { Check = EntryCheck.Start }, _clock);
        store.Put(Key(1), new byte[200_000]);
        var path = Path.Combine(_folder, Key(1)[..2], Key(1), "payload");
        var written = File.GetLastWriteTimeUtc(path);
        FlipByte(path, 150_000);
        File.SetLastWriteTimeUtc(path, written); // as if the disk had done it
        using (var entry = store.TryOpen(Key(1)))
        {
            Assert.NotNull(entry);
            Assert.False(entry.Verify());
        }

        File.SetLastWriteTimeUtc(path, written.AddSeconds(1)); // as if somebody had
        Assert.Null(store.TryOpen(Key(1)));
        store.Put(Key(1), new byte[200_000]);
        written = File.GetLastWriteTimeUtc(path);
        FlipByte(path, 1000);
        File.SetLastWriteTimeUtc(path, written);
        Assert.Null(store.TryOpen(Key(1)));
    }

    [Fact]
    public void Prune_ToASize_RemovesWhatWasNotUsedForLongest()
    {
        for (var i = 0; i < 4; i++)
        {
            _clock.Now += TimeSpan.FromMinutes(1);
            _store.Put(Key(i), new byte[1000]);
        }

        _clock.Now += TimeSpan.FromMinutes(1);
        Assert.NotNull(_store.TryRead(Key(0))); // the oldest, but used last
        var result = _store.Prune(olderThan: null, maximumBytes: 2 * (1000 + ManifestRoom));
        Assert.Equal(2, result.Entries);
        Assert.Equal([true, false, false, true], Enumerable.Range(0, 4).Select(i => _store.TryRead(Key(i)) is not null));
        Assert.Equal(2, _store.Statistics().Evicted);
    }

    [Fact]
    public void Prune_ToAnAge_RemovesWhatIsOlder()
    {
        _store.Put(Key(1), new byte[10]);
        _clock.Now += TimeSpan.FromDays(6);
        _store.Put(Key(2), new byte[10]);
        _clock.Now += TimeSpan.FromDays(2);
        Assert.Equal(1, _store.Prune(TimeSpan.FromDays(7), maximumBytes: null).Entries);
        Assert.Null(_store.TryRead(Key(1)));
        Assert.NotNull(_store.TryRead(Key(2)));
    }

    [Fact]
    public void Put_BeyondTheBudget_KeepsTheFolderNearIt()
    {
        const int Budget = 20_000;
        using var store = new ContentStore(_folder, new ContentStoreOptions { MaximumBytes = Budget }, _clock);
        for (var i = 0; i < 60; i++)
        {
            _clock.Now += TimeSpan.FromSeconds(1);
            Assert.True(store.Put(Key(i), new byte[1000]));
            Assert.InRange(store.Statistics().Bytes, 1, Budget * 9 / 8); // looked at after each sixteenth
        }

        Assert.NotNull(store.TryRead(Key(59)));
        Assert.Null(store.TryRead(Key(0)));
    }

    [Fact]
    public void AnEntryThatIsHeld_IsNotRemoved()
    {
        _store.Put(Key(1), "held"u8.ToArray());
        _store.Put(Key(2), "free"u8.ToArray());
        using var other = new ContentStore(_folder, clock: _clock);
        using (var entry = _store.TryOpen(Key(1))!)
        {
            Assert.Equal(new { Entries = 1, InUse = 1 }, Counts(other.Prune(olderThan: null, maximumBytes: -1)));
            Assert.False(other.Remove(Key(1)));
            Assert.True(entry.Verify());
        }

        Assert.Equal(new { Entries = 1, InUse = 0 }, Counts(other.Prune(olderThan: null, maximumBytes: -1)));

        static object Counts(PruneResult result) => new { result.Entries, result.InUse };
    }

    [Fact]
    public void Put_ThatFails_LeavesNothingAndPassesOnWhatIsNotTheDisks()
    {
        Assert.Throws<FormatException>(() =>
            _store.Put(
                Key(1),
                folder =>
                {
                    File.WriteAllText(Path.Combine(folder, "half"), "x");
                    throw new FormatException();
                }
            )
        );
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(_folder, "partial")));
        Assert.Equal(0, _store.Statistics().Entries);
    }

    [Fact]
    public async Task AFolderThatCannotBeWritten_KeepsNothingAndSaysSoOnce()
    {
        var blocked = Path.Combine(_folder, "file");
        File.WriteAllText(blocked, ""); // a file where the folder should be: root writes into read-only folders
        var warnings = new List<string>();
        using var store = new ContentStore(Path.Combine(blocked, "cache"), new ContentStoreOptions { Warn = warnings.Add }, _clock);
        Assert.False(store.Put(Key(1), new byte[10]));
        Assert.False(store.Put(Key(2), new byte[10]));
        Assert.Null(await store.LockAsync(Key(1), TestContext.Current.CancellationToken));
        Assert.Null(store.TryRead(Key(1)));
        Assert.Equal(0, store.Prune(olderThan: null, maximumBytes: -1).Entries);
        Assert.Contains(store.Folder, Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Put_OnAFullDisk_SaysSoAndLeavesNothing()
    {
        var warnings = new List<string>();
        using var store = new ContentStore(_folder, new ContentStoreOptions { Warn = warnings.Add }, _clock);
        Assert.False(store.Put(Key(1), _ => throw new IOException("No space left on device")));
        Assert.Contains("No space left", Assert.Single(warnings), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(_folder, "partial")));
    }

    [Fact]
    public void Counts_AreKeptAcrossRuns()
    {
        using (var first = new ContentStore(_folder))
        {
            first.TryRead(Key(1));
            first.Put(Key(1), new byte[1]);
            first.TryRead(Key(1));
        }

        using var second = new ContentStore(_folder);
        second.TryRead(Key(1));
        Assert.Equal(2, second.Statistics().Hits);
        Assert.Equal(1, second.Statistics().Misses);
    }

    [Theory]
    [InlineData("")]
    [InlineData("../../etc/passwd00")]
    [InlineData("ABCDEF0123456789ABCDEF")]
    [InlineData("abc")]
    public void AKeyThatIsNoDigest_IsRefused(string key) => Assert.Throws<ArgumentException>(() => _store.TryOpen(key));

    [Fact]
    public async Task LockAsync_WhileItIsHeld_WaitsAndCanBeCancelled()
    {
        using var store = new ContentStore(_folder);
        using var other = new ContentStore(_folder);
        var held = await store.LockAsync(Key(1), CancellationToken.None);
        using var giveUp = new CancellationTokenSource();
        var cancelled = other.LockAsync(Key(1), giveUp.Token);
        var waiting = other.LockAsync(Key(1), CancellationToken.None);
        Assert.False(cancelled.IsCompleted);
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        Assert.False(waiting.IsCompleted);
        held!.Dispose();
        (await waiting)!.Dispose();
    }

    internal static string Key(int number) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{number}")));

    private static void FlipByte(string path, int position)
    {
        var content = File.ReadAllBytes(path);
        content[position] ^= 1;
        File.WriteAllBytes(path, content);
    }

    private void AssertCounts(long hits, long misses, long damaged)
    {
        var statistics = _store.Statistics();
        Assert.Equal((hits, misses, damaged), (statistics.Hits, statistics.Misses, statistics.Damaged));
    }
}
