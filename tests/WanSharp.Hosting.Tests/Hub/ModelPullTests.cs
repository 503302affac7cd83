using WanSharp.Hosting.Downloads;
using WanSharp.Hosting.Hub;
using WanSharp.Models.Hub;
using WanSharp.Tensors;
using WanSharp.Testing;
using WanSharp.Testing.Hub;

namespace WanSharp.Hosting.Tests.Hub;

/// <summary>What is pulled is whole, and fetched once.</summary>
public sealed class ModelPullTests : ModelPulls
{
    [Fact]
    public async Task Pull_OfARepository_WritesTheLayoutThatOtherProgramsShare()
    {
        var model = await PullAsync();

        Assert.Equal(Snapshot, model.Folder);
        Assert.Equal(300_100, model.Missing);
        AssertWhole();
        Assert.Equal(_hub.Commit, await File.ReadAllTextAsync(Path.Combine(Repository, "refs", "main"), Token));
        Assert.Equal(_hub.Files[Large], await File.ReadAllBytesAsync(Path.Combine(Repository, "blobs", _hub.ETagOf(Large)), Token));
        Assert.Equal(_hub.Files[Small], await File.ReadAllBytesAsync(Path.Combine(Repository, "blobs", _hub.ETagOf(Small)), Token));
        Assert.Equal(Path.Combine("..", "..", "..", "blobs", _hub.ETagOf(Large)), new FileInfo(Path.Combine(Snapshot, Large)).LinkTarget);
        Assert.Contains(
            "\"lfs_sha256\"",
            await File.ReadAllTextAsync(Path.Combine(Repository, "trees", $"{_hub.Commit}.json"), Token),
            StringComparison.Ordinal
        );
        Assert.Equal(3, Directory.GetFiles(Path.Combine(Repository, "blobs")).Length); // no half-file is left
    }

    [Fact]
    public async Task Pull_Again_FetchesNoFile()
    {
        await PullAsync();
        var sent = _hub.Sent;

        var again = await PullAsync();

        Assert.Equal(0, again.Missing);
        Assert.Equal(sent, _hub.Sent);
    }

    [Fact]
    public async Task Pull_AtACommitThatIsThere_AsksNobody()
    {
        await PullAsync();
        _hub.Requests.Clear();

        await PullAsync($"{FakeHub.Repository}@{_hub.Commit}");

        Assert.Empty(_hub.Requests);
    }

    [Fact]
    public async Task Pull_WithPatterns_FetchesTheFilesThatMatch()
    {
        var model = await PullAsync(patterns: ["vae/*"]);

        Assert.Equal([Large], model.Files.Select(file => file.Name));
        Assert.False(File.Exists(Path.Combine(Snapshot, Small)));
    }

    [Fact]
    public async Task Pull_OfAListOfSeveralPages_ReadsAll()
    {
        _hub.PageLength = 1;

        var model = await PullAsync();

        Assert.Equal(3, model.Files.Count);
        AssertWhole();
    }

    /// <summary>Whoever stores the file must not learn who asks.</summary>
    [Fact]
    public async Task Pull_WithAToken_SendsItToTheHubOnly()
    {
        await PullAsync(token: "hf_secret");

        Assert.All(_hub.Requests.Where(request => request.IsHub), request => Assert.Equal("Bearer hf_secret", request.Authorization));
        Assert.Contains(_hub.Requests, request => !request.IsHub);
        Assert.All(_hub.Requests.Where(request => !request.IsHub), request => Assert.Equal("", request.Authorization));
    }

    [Fact]
    public async Task Pull_OverConnectionsThatEnd_AsksForTheRestOnly()
    {
        _hub.HangUpAfter = 40_000;

        await PullAsync();

        AssertWhole();
        Assert.Equal(300_100, _hub.Sent);
    }

    [Fact]
    public async Task Pull_OfALargeFile_AsksForPartsOfIt()
    {
        await PullAsync();

        Assert.Equal(5, _hub.Requests.Count(request => !request.IsHub && request.Range.Length > 0));
        Assert.Equal(300_100, _hub.Sent);
    }

    [Fact]
    public async Task Pull_FromAHostWithoutRanges_FetchesTheWholeFile()
    {
        _hub.IgnoresRanges = true;

        await PullAsync();

        AssertWhole();
    }

    [Fact]
    public async Task Pull_FromAHostWithoutRangesThatHangsUp_BeginsAgain()
    {
        (_hub.IgnoresRanges, _hub.HangUpAfter, _hub.HangUps) = (true, 100_000, 6);

        await PullAsync();

        AssertWhole();
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    public async Task Pull_WhenTheHubAsksToWait_WaitsAsLongAsItAsks(int status)
    {
        var refusals = 3;
        _hub.Before = context =>
        {
            if (Interlocked.Decrement(ref refusals) < 0)
            {
                return false;
            }

            context.Response.StatusCode = status;
            context.Response.Headers.RetryAfter = "7";
            return true;
        };
        var clock = new SkippingClock();

        await PullAsync(clock: clock);

        AssertWhole();
        Assert.Equal(3, clock.Skipped.Count(time => time == TimeSpan.FromSeconds(7)));
    }

    [Fact]
    public async Task Pull_WhenTheHubAsksToWaitForLong_SaysHowLong()
    {
        _hub.Before = context =>
        {
            context.Response.StatusCode = 429;
            context.Response.Headers.RetryAfter = "4000";
            return true;
        };

        var error = await Assert.ThrowsAnyAsync<IOException>(() => PullAsync());

        Assert.Contains("wait 4000 seconds", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pull_WhenAnAddressExpires_AsksTheHubAgain()
    {
        var answers = 0; // the first four are asked at once, for addresses of their own
        _hub.Before = context =>
        {
            var expired = context.Request.QueryString.Value == "?signature=s" && Interlocked.Increment(ref answers) == 5;
            context.Response.StatusCode = expired ? 403 : 200;
            return expired;
        };

        await PullAsync();

        AssertWhole();
    }

    [Fact]
    public async Task Pull_WithoutLinks_WritesFilesThemselves()
    {
        await PullAsync(mayLink: false);

        AssertWhole();
        Assert.Null(new FileInfo(Path.Combine(Snapshot, Large)).LinkTarget);
        Assert.Equal(0, (await PullAsync(mayLink: false)).Missing);
    }

    [Fact]
    public async Task Pull_OfANewCommit_FetchesWhatChanged()
    {
        await PullAsync();
        var first = Snapshot;
        _hub.Commit = new string('b', 40);
        _hub.Files[Small] = Bytes(120);

        var model = await PullAsync();

        Assert.Equal(120, model.Missing);
        AssertWhole();
        Assert.Equal(_hub.Commit, await File.ReadAllTextAsync(Path.Combine(Repository, "refs", "main"), Token));
        Assert.Equal(100, FileFacts.Of(Path.Combine(first, Small)).Length);
    }

    [Fact]
    public async Task Pull_ThatIsCancelledManyTimes_GoesOnAndFetchesNothingTwice()
    {
        _hub.Files[Large] = Bytes(4_000_000);
        for (var round = 1; round <= 5; round++)
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
            var at = 600_000 * round;
            var listener = new Hear(progress =>
            {
                if (progress.Done > at)
                {
                    stop.Cancel();
                }
            });
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Pull().PullAsync(Request(), listener, stop.Token));
        }

        await PullAsync();

        AssertWhole();
        Assert.False(File.Exists(Path.Combine(Repository, "blobs", _hub.ETagOf(Large) + ".wan.incomplete")));
    }

    /// <summary>Earlier versions of huggingface_hub leave the beginning of a file under this name.</summary>
    [Fact]
    public async Task Pull_WhereAnotherProgramBegan_GoesOnWithItsFile()
    {
        Directory.CreateDirectory(Path.Combine(Repository, "blobs"));
        var began = Path.Combine(Repository, "blobs", _hub.ETagOf(Large) + ".incomplete");
        await File.WriteAllBytesAsync(began, _hub.Files[Large][..200_000], Token);

        await PullAsync(patterns: [Large]);

        AssertWhole(only: Large);
        Assert.Equal(100_000, _hub.Sent);
        Assert.False(File.Exists(began));
    }

    [Fact]
    public async Task Pull_OfSeveralAtOnce_DamagesNothingAndFetchesOnce()
    {
        var pulls = Enumerable.Range(0, 4).Select(_ => PullAsync());

        await Task.WhenAll(pulls);

        AssertWhole();
        Assert.Equal(300_100, _hub.Sent);
    }
}
