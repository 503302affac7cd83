using WanSharp.Hosting.Downloads;
using WanSharp.Hosting.Hub;
using WanSharp.Models.Hub;
using WanSharp.Tensors;
using WanSharp.Testing;
using WanSharp.Testing.Hub;

namespace WanSharp.Hosting.Tests.Hub;

/// <summary>What cannot be pulled leaves nothing behind, and says the way out.</summary>
public sealed class ModelPullRefusalTests : ModelPulls
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
}
