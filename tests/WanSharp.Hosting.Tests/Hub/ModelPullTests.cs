using WanSharp.Hosting.Downloads;
using WanSharp.Hosting.Hub;
using WanSharp.Models.Hub;
using WanSharp.Tensors;
using WanSharp.Testing;
using WanSharp.Testing.Hub;

namespace WanSharp.Hosting.Tests.Hub;

/// <summary>Pulls from a hub on this machine.</summary>
public sealed class ModelPullTests : IAsyncLifetime
{
    private const string Large = "vae/model.safetensors";
    private const string Small = "config.json";

    private readonly TemporaryFolder _folder = new();
    private FakeHub _hub = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Cache => _folder["hub"];

    private string Repository => Path.Combine(Cache, "models--org--model");

    private string Snapshot => Path.Combine(Repository, "snapshots", _hub.Commit);

    public async ValueTask InitializeAsync()
    {
        _hub = await FakeHub.StartAsync();
        _hub.Files[Large] = Bytes(300_000);
        _hub.Files[Small] = Bytes(100);
        _hub.Files["empty.txt"] = [];
    }

    public async ValueTask DisposeAsync()
    {
        await _hub.DisposeAsync();
        _folder.Dispose();
    }

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
    public async Task Pull_WithAPatternThatMatchesNothing_SaysWhatThereIs()
    {
        var error = await Assert.ThrowsAsync<InvalidRequestException>(() => PullAsync(patterns: ["vae/model.safetensor"]));

        Assert.Contains("Did you mean vae/model.safetensors?", error.Message, StringComparison.Ordinal);
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

    [Fact]
    public async Task Pull_OfWrongBytes_DeletesThemAndSaysSo()
    {
        _hub.Spoil = bytes =>
        {
            bytes[^1] ^= 1;
            return bytes;
        };

        var error = await Assert.ThrowsAsync<InvalidDataException>(() => PullAsync(patterns: [Large]));

        Assert.Contains($"SHA-256 is", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(Path.Combine(Repository, "blobs")));
        Assert.False(Path.Exists(Snapshot));
        _hub.Spoil = null;
        await PullAsync();
        AssertWhole();
    }

    [Fact]
    public async Task Pull_OfWrongBytesOfASmallFile_DeletesThemAndSaysSo()
    {
        _hub.Spoil = bytes => [.. bytes.Reverse()];

        var error = await Assert.ThrowsAsync<InvalidDataException>(() => PullAsync(patterns: [Small]));

        Assert.Contains("Git's SHA-1 is", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pull_OfAFileOfAnotherLength_IsRefused()
    {
        _hub.Spoil = bytes => bytes[..^1];

        var error = await Assert.ThrowsAsync<IOException>(() => PullAsync(patterns: [Large]));

        Assert.Contains("300000 bytes, but the server sends a file of 299999", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(403, "GatedRepo", null, "gated: accept its conditions at")]
    [InlineData(401, "GatedRepo", "t", "use a token of that account")]
    [InlineData(401, "RepoNotFound", null, "If it is private, set HF_TOKEN")]
    [InlineData(401, null, "t", "does not accept the token")]
    [InlineData(404, "RepoNotFound", "t", "that this token may read")]
    [InlineData(404, "RevisionNotFound", null, "has no revision 'main'")]
    [InlineData(403, null, null, "does not give org/model")]
    [InlineData(418, null, null, "answers 418")]
    public async Task Pull_OfWhatTheHubRefuses_SaysTheWayOut(int status, string? code, string? token, string expected)
    {
        _hub.Before = context =>
        {
            context.Response.StatusCode = status;
            if (code is not null)
            {
                context.Response.Headers["X-Error-Code"] = code;
            }

            return true;
        };

        var error = await Assert.ThrowsAnyAsync<IOException>(() => PullAsync(token: token));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Single(_hub.Requests);
    }

    [Fact]
    public async Task Pull_OfGatedFiles_SaysSo()
    {
        _hub.Before = context =>
        {
            var isFile = context.Request.Path.Value!.Contains("/resolve/", StringComparison.Ordinal);
            context.Response.StatusCode = isFile ? 403 : 200;
            context.Response.Headers["X-Error-Code"] = "GatedRepo";
            return isFile;
        };

        var error = await Assert.ThrowsAnyAsync<IOException>(() => PullAsync());

        Assert.Contains("gated", error.Message, StringComparison.Ordinal);
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
    public async Task Pull_FromAHubThatRedirectsToUnsafeNames_KeepsNoSuchFile()
    {
        _hub.Files["../escaped"] = Bytes(10);

        await PullAsync();

        Assert.Empty(Directory.GetFiles(_folder, "escaped", SearchOption.AllDirectories));
        AssertWhole(except: "../escaped");
    }

    [Fact]
    public async Task Pull_WithoutRoom_FailsBeforeAnythingComes()
    {
        var pull = new ModelPull(Options(), TimeProvider.System) { FreeSpace = _ => 300_099 };

        var error = await Assert.ThrowsAsync<IOException>(() => pull.PullAsync(Request(), null, Token));

        Assert.Contains("make room", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, _hub.Sent);
    }

    [Fact]
    public async Task Pull_Offline_IsRefusedUnlessAllIsThere()
    {
        await Assert.ThrowsAsync<IOException>(() =>
            new ModelPull(Options(isOffline: true), TimeProvider.System).PullAsync(Request(), null, Token)
        );
        await PullAsync();
        _hub.Requests.Clear();

        var model = await new ModelPull(Options(isOffline: true), TimeProvider.System).PullAsync(Request(), null, Token);

        Assert.Equal(0, model.Missing);
        Assert.Empty(_hub.Requests);
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

    [Theory]
    [InlineData("<html>")]
    [InlineData("{}")]
    [InlineData("""{"sha": 7}""")]
    [InlineData("""{"sha": "../../../etc"}""")]
    public async Task Pull_FromSomethingElseThanAHub_SaysSo(string answer)
    {
        _hub.Answer = answer;

        var error = await Assert.ThrowsAsync<IOException>(() => PullAsync());

        Assert.Contains("HF_ENDPOINT", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pull_FromNobody_SaysSo()
    {
        var options = new HubOptions { CacheFolder = Cache, Endpoint = "http://127.0.0.1:9" };

        var error = await Assert.ThrowsAnyAsync<IOException>(() =>
            new ModelPull(options, new SkippingClock()).PullAsync(Request(), null, Token)
        );

        Assert.Contains("could not be fetched", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ftp://hub.example", null, "is not an address")]
    [InlineData("http://hub.example", "t", "unencrypted")]
    [InlineData("https://hub.example", "two words", "is not a token")]
    public async Task Pull_WithAnAddressOrATokenThatCannotBeUsed_SaysWhich(string endpoint, string? token, string expected)
    {
        var options = new HubOptions
        {
            CacheFolder = Cache,
            Endpoint = endpoint,
            Token = token,
        };

        var error = await Assert.ThrowsAsync<IOException>(() =>
            new ModelPull(options, TimeProvider.System).PullAsync(Request(), null, Token)
        );

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    private static byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }

    private static PullRequest Request(string name = FakeHub.Repository, params string[] patterns) =>
        new(name, HubReference.Parse(name)!, patterns);

    private HubOptions Options(string? token = null, bool isOffline = false, bool mayLink = true) =>
        new()
        {
            CacheFolder = Cache,
            Endpoint = _hub.Address,
            Token = token,
            IsOffline = isOffline,
            MayLink = mayLink,
        };

    private ModelPull Pull(HubOptions? options = null, TimeProvider? clock = null) =>
        new(options ?? Options(), clock ?? new SkippingClock())
        {
            Download = new DownloadOptions
            {
                Connections = 4,
                SegmentLength = 64 << 10,
                NoteEvery = 16 << 10,
            },
        };

    private Task<PulledModel> PullAsync(
        string name = FakeHub.Repository,
        string[]? patterns = null,
        string? token = null,
        bool mayLink = true,
        TimeProvider? clock = null
    ) => Pull(Options(token, mayLink: mayLink), clock).PullAsync(Request(name, patterns ?? []), null, Token);

    private void AssertWhole(string? only = null, string? except = null)
    {
        foreach (var (path, bytes) in _hub.Files.Where(file => (only is null || file.Key == only) && file.Key != except))
        {
            Assert.Equal(bytes, File.ReadAllBytes(Path.Combine(Snapshot, path)));
        }
    }

    private sealed class Hear(Action<PullProgress> hear) : IProgress<PullProgress>
    {
        public void Report(PullProgress value) => hear(value);
    }
}
