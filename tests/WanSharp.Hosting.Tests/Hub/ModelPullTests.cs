using System.Globalization;
using System.Net.Http.Headers;
using WanSharp.Hosting.Downloads;
using WanSharp.Tensors;
using WanSharp.Testing.Hub;

namespace WanSharp.Hosting.Tests.Hub;

/// <summary>Pulls from a hub on this machine.</summary>
public sealed class ModelPullTests : ModelPullTestBase
{
    [Fact]
    public async Task Pull_OfARepository_WritesTheLayoutThatOtherProgramsShare()
    {
        var model = await PullAsync();

        Assert.Equal(Snapshot, model.Folder);
        Assert.Equal(300_100, model.Missing);
        AssertWhole();
        Assert.Equal(Server.Commit, await File.ReadAllTextAsync(Path.Combine(Repository, "refs", "main"), Token));
        Assert.Equal(Server.Files[Large], await File.ReadAllBytesAsync(Path.Combine(Repository, "blobs", Server.ETagOf(Large)), Token));
        Assert.Equal(Server.Files[Small], await File.ReadAllBytesAsync(Path.Combine(Repository, "blobs", Server.ETagOf(Small)), Token));
        Assert.Equal(Path.Combine("..", "..", "..", "blobs", Server.ETagOf(Large)), new FileInfo(Path.Combine(Snapshot, Large)).LinkTarget);
        Assert.Contains(
            "\"lfs_sha256\"",
            await File.ReadAllTextAsync(Path.Combine(Repository, "trees", $"{Server.Commit}.json"), Token),
            StringComparison.Ordinal
        );
        Assert.Equal(3, Directory.GetFiles(Path.Combine(Repository, "blobs")).Length); // no half-file is left
    }

    [Fact]
    public async Task Pull_Again_FetchesNoFile()
    {
        await PullAsync();
        var sent = Server.Sent;

        var again = await PullAsync();

        Assert.Equal(0, again.Missing);
        Assert.Equal(sent, Server.Sent);
    }

    [Fact]
    public async Task Pull_AtACommitThatIsThere_AsksNobody()
    {
        await PullAsync();
        Server.Requests.Clear();

        await PullAsync($"{FakeHub.Repository}@{Server.Commit}");

        Assert.Empty(Server.Requests);
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
        Server.PageLength = 1;

        var model = await PullAsync();

        Assert.Equal(3, model.Files.Count);
        AssertWhole();
    }

    /// <summary>Whoever stores the file must not learn who asks.</summary>
    [Fact]
    public async Task Pull_WithAToken_SendsItToTheHubOnly()
    {
        await PullAsync(token: "hf_secret");

        Assert.All(Server.Requests.Where(request => request.IsHub), request => Assert.Equal("Bearer hf_secret", request.Authorization));
        Assert.Contains(Server.Requests, request => !request.IsHub);
        Assert.All(Server.Requests.Where(request => !request.IsHub), request => Assert.Equal("", request.Authorization));
    }

    [Fact]
    public async Task Pull_OverConnectionsThatEnd_AsksForTheRestOnly()
    {
        Server.HangUpAfter = 40_000;

        await PullAsync();

        AssertWhole();
        Assert.Equal(300_100, Server.Sent);
    }

    [Fact]
    public async Task Pull_OfALargeFile_AsksForPartsOfIt()
    {
        await PullAsync();

        Assert.Equal(5, Server.Requests.Count(request => !request.IsHub && request.Range.Length > 0));
        Assert.Equal(300_100, Server.Sent);
    }

    [Fact]
    public async Task Pull_FromAHostWithoutRanges_FetchesTheWholeFile()
    {
        Server.IgnoresRanges = true;

        await PullAsync();

        AssertWhole();
    }

    [Fact]
    public async Task Pull_FromAHostWithoutRangesThatHangsUp_BeginsAgain()
    {
        (Server.IgnoresRanges, Server.HangUpAfter, Server.HangUps) = (true, 100_000, 6);

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
        Server.Commit = new string('b', 40);
        Server.Files[Small] = Bytes(120);

        var model = await PullAsync();

        Assert.Equal(120, model.Missing);
        AssertWhole();
        Assert.Equal(Server.Commit, await File.ReadAllTextAsync(Path.Combine(Repository, "refs", "main"), Token));
        Assert.Equal(100, FileFacts.Of(Path.Combine(first, Small)).Length);
    }

    [Fact]
    public async Task Pull_ThatIsCancelledManyTimes_GoesOnAndFetchesNothingTwice()
    {
        const int Length = 4_000_000;
        Server.Files[Large] = Bytes(Length);
        var part = Path.Combine(Repository, "blobs", Server.ETagOf(Large) + ".wan.incomplete");
        var kept = 0L;
        for (var round = 1; round <= 5; round++)
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
            var (at, come) = (600_000 * round, 0L);
            var listener = new Hear(progress =>
            {
                come = Math.Max(come, progress.Done);
                if (progress.Done > at)
                {
                    stop.Cancel();
                }
            });
            Server.Signature = string.Create(CultureInfo.InvariantCulture, $"round-{round}");
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Pull().PullAsync(Request(), listener, stop.Token));

            Assert.InRange(Asked(), 1, Length - kept); // no byte that was there
            kept = PartialFile.CountOf(part);
            Assert.InRange(kept, come - Server.Files[Small].Length, Length - 1); // all that had come
        }

        Server.Signature = "last";
        await PullAsync();

        AssertWhole();
        Assert.Equal(Length - kept, Asked());
        Assert.False(File.Exists(part));

        // By signature: a request that was cancelled may reach the server in the next round.
        long Asked() =>
            Server
                .Requests.Where(request => request.Signature == Server.Signature)
                .Select(request => RangeHeaderValue.Parse(request.Range).Ranges.Single())
                .Sum(range => range.To!.Value - range.From!.Value + 1);
    }

    /// <summary>Earlier versions of huggingface_hub leave the beginning of a file under this name.</summary>
    [Fact]
    public async Task Pull_WhereAnotherProgramBegan_GoesOnWithItsFile()
    {
        Directory.CreateDirectory(Path.Combine(Repository, "blobs"));
        var began = Path.Combine(Repository, "blobs", Server.ETagOf(Large) + ".incomplete");
        await File.WriteAllBytesAsync(began, Server.Files[Large][..200_000], Token);

        await PullAsync(patterns: [Large]);

        AssertWhole(only: Large);
        Assert.Equal(100_000, Server.Sent);
        Assert.False(File.Exists(began));
    }

    [Fact]
    public async Task Pull_OfSeveralAtOnce_DamagesNothingAndFetchesOnce()
    {
        var pulls = Enumerable.Range(0, 4).Select(_ => PullAsync());

        await Task.WhenAll(pulls);

        AssertWhole();
        Assert.Equal(300_100, Server.Sent);
    }
}
