using WanSharp.Hosting.Hub;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Hosting.Tests.Hub;

/// <summary>What a hub, a host or a disk refuses, and what is not what it should be.</summary>
public sealed class ModelPullRefusalTests : ModelPullTestBase
{
    [Fact]
    public async Task Pull_WithAPatternThatMatchesNothing_SaysWhatThereIs()
    {
        var error = await Assert.ThrowsAsync<InvalidRequestException>(() => PullAsync(patterns: ["vae/model.safetensor"]));

        Assert.Contains("Did you mean vae/model.safetensors?", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pull_OfWrongBytes_DeletesThemAndSaysSo()
    {
        Server.Spoil = bytes =>
        {
            bytes[^1] ^= 1;
            return bytes;
        };

        var error = await Assert.ThrowsAsync<InvalidDataException>(() => PullAsync(patterns: [Large]));

        Assert.Contains($"SHA-256 is", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(Path.Combine(Repository, "blobs")));
        Assert.False(Path.Exists(Snapshot));
        Server.Spoil = null;
        await PullAsync();
        AssertWhole();
    }

    [Fact]
    public async Task Pull_OfWrongBytesOfASmallFile_DeletesThemAndSaysSo()
    {
        Server.Spoil = bytes => [.. bytes.Reverse()];

        var error = await Assert.ThrowsAsync<InvalidDataException>(() => PullAsync(patterns: [Small]));

        Assert.Contains("Git's SHA-1 is", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pull_OfAFileOfAnotherLength_IsRefused()
    {
        Server.Spoil = bytes => bytes[..^1];

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
    [InlineData(403, null, null, "refuses org/model")]
    [InlineData(418, null, null, "answers 418")]
    public async Task Pull_OfWhatTheHubRefuses_SaysTheWayOut(int status, string? code, string? token, string expected)
    {
        Server.Before = context =>
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
        Assert.Single(Server.Requests);
    }

    [Fact]
    public async Task Pull_OfGatedFiles_SaysSo()
    {
        Server.Before = context =>
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
        Server.Before = context =>
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
        Server.Before = context =>
        {
            context.Response.StatusCode = 429;
            context.Response.Headers.RetryAfter = "4000";
            return true;
        };

        var error = await Assert.ThrowsAnyAsync<IOException>(() => PullAsync());

        Assert.Contains("a pause of 4000 seconds", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pull_WhenAnAddressExpires_AsksTheHubAgain()
    {
        var answers = 0; // the first four are asked at once, for addresses of their own
        Server.Before = context =>
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
        Server.Files["../escaped"] = Bytes(10);

        await PullAsync();

        Assert.Empty(Directory.GetFiles(Folder, "escaped", SearchOption.AllDirectories));
        AssertWhole(except: "../escaped");
    }

    [Fact]
    public async Task Pull_WithoutRoom_FailsBeforeAnythingComes()
    {
        var pull = new ModelPull(Options(), TimeProvider.System) { FreeSpace = _ => 300_099 };

        var error = await Assert.ThrowsAsync<IOException>(() => pull.PullAsync(Request(), null, Token));

        Assert.Contains("make room", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, Server.Sent);
    }

    [Fact]
    public async Task Pull_Offline_IsRefusedUnlessAllIsThere()
    {
        await Assert.ThrowsAsync<IOException>(() =>
            new ModelPull(Options(isOffline: true), TimeProvider.System).PullAsync(Request(), null, Token)
        );
        await PullAsync();
        Server.Requests.Clear();

        var model = await new ModelPull(Options(isOffline: true), TimeProvider.System).PullAsync(Request(), null, Token);

        Assert.Equal(0, model.Missing);
        Assert.Empty(Server.Requests);
    }

    [Theory]
    [InlineData("<html>")]
    [InlineData("{}")]
    [InlineData("""{"sha": 7}""")]
    [InlineData("""{"sha": "../../../etc"}""")]
    public async Task Pull_FromSomethingElseThanAHub_SaysSo(string answer)
    {
        Server.Answer = answer;

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
}
