using WanSharp.Jobs.Results;
using WanSharp.Storage;

namespace WanSharp.Jobs.Tests.Results;

public sealed class ResultCacheTests : IDisposable
{
    private static readonly string Key = ResultKey.Of("a clip");

    private readonly string _folder = Directory.CreateTempSubdirectory("wan-results-").FullName;
    private readonly ContentStore _store;
    private readonly ResultCache _cache;
    private readonly string _clip;
    private readonly string _copy;

    public ResultCacheTests()
    {
        _store = new ContentStore(Path.Combine(_folder, "results"));
        _cache = new ResultCache(_store);
        (_clip, _copy) = (Path.Combine(_folder, "clip.mp4"), Path.Combine(_folder, "copy.mp4"));
        File.WriteAllText(_clip, "frames");
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _store.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task TryGetAsync_AfterAdd_CopiesTheClipAndTellsWhatItTook()
    {
        var outcome = new JobOutcome
        {
            ComputeSeconds = 12.5,
            MeanBatchSize = 2,
            MadeBy = "local",
            StageSeconds = new Dictionary<string, double> { ["denoise"] = 11 },
        };
        await _cache.AddAsync(Key, ".mp4", _clip, outcome, Token);

        Assert.True(_cache.Contains(Key, ".mp4"));
        var found = await _cache.TryGetAsync(Key, ".mp4", _copy, Token);
        Assert.Equal("frames", File.ReadAllText(_copy));
        Assert.Equal(
            outcome with
            {
                FromCache = true,
                StageSeconds = found!.StageSeconds,
                Spans = found.Spans,
                BatchSizes = found.BatchSizes,
                Notes = found.Notes,
            },
            found
        );
        Assert.Equal(11, found.StageSeconds["denoise"]);
    }

    [Fact]
    public async Task AClipThatIsEditedInItsPlace_ChangesNoOther()
    {
        await _cache.AddAsync(Key, ".mp4", _clip, new JobOutcome(), Token);
        await _cache.TryGetAsync(Key, ".mp4", _copy, Token);
        File.WriteAllText(_clip, "edited");
        File.WriteAllText(_copy, "edited");
        var third = Path.Combine(_folder, "third.mp4");
        Assert.NotNull(await _cache.TryGetAsync(Key, ".mp4", third, Token));
        Assert.Equal("frames", File.ReadAllText(third));
    }

    [Fact]
    public async Task TryGetAsync_OfAnotherFormatOrKey_FindsNothing()
    {
        await _cache.AddAsync(Key, ".mp4", _clip, new JobOutcome(), Token);
        Assert.Null(await _cache.TryGetAsync(Key, ".webm", _copy, Token));
        Assert.Null(await _cache.TryGetAsync(ResultKey.Of("another"), ".mp4", _copy, Token));
        Assert.False(_cache.Contains(Key, ".webm"));
        Assert.False(File.Exists(_copy));
    }

    [Fact]
    public async Task TryGetAsync_OfADamagedClip_FindsNothingAndLeavesNothing()
    {
        await _cache.AddAsync(Key, ".mp4", _clip, new JobOutcome(), Token);
        File.WriteAllText(Directory.GetFiles(_store.Folder, "clip", SearchOption.AllDirectories).Single(), "framez");
        Assert.Null(await _cache.TryGetAsync(Key, ".mp4", _copy, Token));
        Assert.False(File.Exists(_copy));
        Assert.False(_cache.Contains(Key, ".mp4"));
        Assert.Equal(1, _store.Statistics().Damaged);
    }

    [Fact]
    public async Task TryGetAsync_WhereNoCopyFits_FindsNothing()
    {
        await _cache.AddAsync(Key, ".mp4", _clip, new JobOutcome(), Token);
        Assert.Null(await _cache.TryGetAsync(Key, ".mp4", Path.Combine(_folder, "missing", "copy.mp4"), Token));
    }

    [Fact]
    public async Task AddAsync_OfAClipThatIsGone_FailsNothing()
    {
        await _cache.AddAsync(Key, ".mp4", Path.Combine(_folder, "gone.mp4"), new JobOutcome(), Token);
        Assert.False(_cache.Contains(Key, ".mp4"));
    }

    [Fact]
    public async Task WorkersThatWantOneClip_MakeItOnce()
    {
        var made = 0;
        var workers = Enumerable
            .Range(0, 6)
            .Select(async worker =>
            {
                using var store = new ContentStore(_store.Folder); // as if in another process
                var cache = new ResultCache(store);
                using var turn = await cache.LockAsync(Key, ".mp4", Token);
                var path = Path.Combine(_folder, $"{worker}.mp4");
                if (await cache.TryGetAsync(Key, ".mp4", path, Token) is null)
                {
                    Interlocked.Increment(ref made);
                    await Task.Yield();
                    File.WriteAllText(path, "frames");
                    await cache.AddAsync(Key, ".mp4", path, new JobOutcome(), Token);
                }

                return File.ReadAllText(path);
            });
        Assert.All(await Task.WhenAll(workers), clip => Assert.Equal("frames", clip));
        Assert.Equal(1, made);
    }
}
