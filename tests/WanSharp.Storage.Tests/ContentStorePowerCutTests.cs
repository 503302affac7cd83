using WanSharp.Testing;

namespace WanSharp.Storage.Tests;

public sealed class ContentStorePowerCutTests : IDisposable
{
    private const int Keys = 4;

    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void APowerCutAtAnyMoment_LosesNothingThatWasKeptAndPoisonsNothing()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Files that are locked cannot be read there.");
        var options = new ContentStoreOptions { Check = EntryCheck.Start }; // relies most on what was flushed
        var disks = Record(options);
        Assert.InRange(disks.Count, 50, 300);
        for (var at = 0; at < disks.Count; at++)
        {
            var folder = Path.Combine(_folder, $"{at}");
            Directory.CreateDirectory(folder);
            disks[at].Restore(folder);
            using var store = new ContentStore(folder, options);
            for (var key = 0; key < Keys; key++)
            {
                var name = ContentStoreTests.Key(key);
                var found = store.TryRead(name);
                Assert.True(found is null || found.AsSpan().SequenceEqual(Payload(key)), $"poisoned: {disks[at].When}");
                Assert.True(found is not null || !disks[at].Promised.Contains(name), $"lost: {disks[at].When}");
                if (found is null)
                {
                    Assert.True(store.Put(name, Payload(key)) && store.TryRead(name) is not null, $"not healed: {disks[at].When}");
                }
            }

            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Fills a store, replaces damaged and removed entries, and evicts.</summary>
    private IReadOnlyList<PowerCut.Disk> Record(ContentStoreOptions options)
    {
        var folder = Path.Combine(_folder, "recorded");
        Directory.CreateDirectory(folder);
        var kept = new HashSet<string>();
        using var power = new PowerCut(folder, () => kept);
        using var store = new ContentStore(folder, options);
        for (var round = 0; round < 3; round++)
        {
            for (var key = 0; key < Keys; key++)
            {
                var name = ContentStoreTests.Key(key);
                Assert.True(store.Put(name, Payload(key)));
                kept.Add(name);
            }

            var lost = ContentStoreTests.Key(round);
            kept.Remove(lost);
            switch (round)
            {
                case 0:
                    File.WriteAllBytes(Path.Combine(folder, lost[..2], lost, "entry.json"), []);
                    break;
                case 1:
                    Assert.True(store.Remove(lost));
                    break;
                default:
                    kept.Clear();
                    store.Prune(olderThan: null, maximumBytes: -1);
                    break;
            }
        }

        store.Put(ContentStoreTests.Key(0), Payload(0));
        kept.Add(ContentStoreTests.Key(0));
        store.Remove(ContentStoreTests.Key(1)); // one more moment at which the last one must be there
        return power.Disks;
    }

    private static byte[] Payload(int key)
    {
        var payload = new byte[2000];
        new Random(key).NextBytes(payload);
        return payload;
    }
}
