using System.Diagnostics;
using System.Globalization;
using WanSharp.Testing;

namespace WanSharp.Storage.Tests;

/// <summary>Several processes on one store: this program starts itself, running one of its tests that run only when asked for.</summary>
public sealed class ContentStoreProcessTests : IDisposable
{
    private const string FolderVariable = "WAN_TEST_STORE";
    private const string SeedVariable = "WAN_TEST_SEED";
    private const int Keys = 12;
    private const int PayloadBytes = 20_000;

    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task ProcessesThatWriteReadAndEvictTheSameKeys_NeverSeeAnythingElse()
    {
        using var first = Start(nameof(Exercise), seed: 1);
        using var second = Start(nameof(Exercise), seed: 2);
        Use(_folder, seed: 3, rounds: 400);
        await AssertPassedAsync(first);
        await AssertPassedAsync(second);

        using var store = new ContentStore(_folder);
        Assert.Equal(0, store.Statistics().Damaged);
        Assert.InRange(store.Statistics().Entries, 1, Keys);
    }

    [Fact]
    public async Task AWriterThatIsKilled_LeavesNothingHalfWrittenAndNoLock()
    {
        for (var seed = 0; seed < 2; seed++)
        {
            using var writer = Start(nameof(ExerciseForever), seed);
            using (var watched = new ContentStore(_folder))
            {
                while (watched.Statistics().Entries < Keys / 2) // it is at work
                {
                    Assert.False(writer.HasExited);
                    await Task.Delay(10, TestContext.Current.CancellationToken);
                }
            }

            writer.Kill();
            await writer.WaitForExitAsync(TestContext.Current.CancellationToken);
            using var store = new ContentStore(_folder);
            for (var key = 0; key < Keys; key++)
            {
                Assert.True(store.TryRead(ContentStoreTests.Key(key)) is not { } content || content.AsSpan().SequenceEqual(Payload(key)));
                (await store.LockAsync(ContentStoreTests.Key(key), TestContext.Current.CancellationToken))!.Dispose();
            }

            Assert.Equal(0, store.Statistics().Damaged);
            Assert.Equal(0, store.Prune(olderThan: null, maximumBytes: -1).InUse);
        }
    }

    [Fact(Explicit = true)]
    public void Exercise() => Use(Variable(FolderVariable), int.Parse(Variable(SeedVariable), CultureInfo.InvariantCulture), rounds: 400);

    [Fact(Explicit = true)]
    public void ExerciseForever() =>
        Use(Variable(FolderVariable), int.Parse(Variable(SeedVariable), CultureInfo.InvariantCulture), rounds: int.MaxValue);

    private static void Use(string folder, int seed, int rounds)
    {
        using var store = new ContentStore(folder, new ContentStoreOptions { MaximumBytes = Keys * PayloadBytes * 3 / 4 });
        var random = new Random(seed);
        for (var round = 0; round < rounds; round++)
        {
            var key = random.Next(Keys);
            switch (random.Next(4))
            {
                case 0:
                    Assert.True(
                        store.TryRead(ContentStoreTests.Key(key)) is not { } content || content.AsSpan().SequenceEqual(Payload(key))
                    );
                    break;
                case 1:
                    using (var entry = store.TryOpen(ContentStoreTests.Key(key)))
                    {
                        Assert.True(entry is null || File.ReadAllBytes(entry.PathOf("payload")).AsSpan().SequenceEqual(Payload(key)));
                    }

                    break;
                default:
                    store.Put(ContentStoreTests.Key(key), Payload(key));
                    break;
            }
        }
    }

    private Process Start(string test, int seed)
    {
        var start = new ProcessStartInfo(
            Environment.ProcessPath!,
            ["--filter-method", $"{GetType().FullName}.{test}", "--explicit", "only", "--no-progress"]
        )
        {
            RedirectStandardOutput = true,
            Environment = { [FolderVariable] = _folder, [SeedVariable] = seed.ToString(CultureInfo.InvariantCulture) },
        };
        return Process.Start(start)!;
    }

    private static async Task AssertPassedAsync(Process process)
    {
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, output);
    }

    private static byte[] Payload(int key)
    {
        var payload = new byte[PayloadBytes];
        new Random(key).NextBytes(payload);
        return payload;
    }

    private static string Variable(string name) => Environment.GetEnvironmentVariable(name)!;
}
