using System.Net;
using WanSharp.Server.Security;

namespace WanSharp.Server.Tests;

/// <summary>A server that asked for a key once never answers without one again.</summary>
public sealed class KeyRemovalTests : IAsyncLifetime
{
    private const string Videos = "/v1/videos";

    private TestServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task AServer_WhoseLastKeyIsRemoved_LetsNobodyIn()
    {
        var keys = new KeyFile(_server.Data, TimeProvider.System);
        var key = keys.Add("anna", KeyScope.Admin, null);
        Assert.Equal(HttpStatusCode.Unauthorized, (await _server.GetAsync(Videos)).Status);

        Assert.True(keys.Remove("anna"));

        Assert.Equal(HttpStatusCode.Unauthorized, (await _server.GetAsync(Videos)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await _server.PostAsync(Videos, "{}", Bearer(key))).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await _server.PostAsync("/v1/session", """{"key":"anything"}""")).Status);
        Assert.Equal(HttpStatusCode.OK, (await _server.GetAsync("/healthz")).Status);
        var renewed = keys.Add("anna", KeyScope.Admin, null);
        Assert.Equal(HttpStatusCode.BadRequest, (await _server.PostAsync(Videos, "{}", Bearer(renewed))).Status);
    }

    /// <summary>As Kubernetes and Docker give secrets: a folder that is a link is made to lead to another.</summary>
    [Fact]
    public async Task AServer_WhoseKeysAreBehindALinkThatLeadsElsewhereNow_RefusesTheOldOnes()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Making links there needs rights.");
        var file = Path.Combine(_server.Data, "keys.json");
        var keys = new KeyFile(_server.Data, TimeProvider.System);
        Directory.CreateDirectory(Path.Combine(_server.Data, "old"));
        Directory.CreateDirectory(Path.Combine(_server.Data, "new"));
        var revoked = keys.Add("anna", KeyScope.Read, null);
        File.Copy(file, Path.Combine(_server.Data, "old", "keys.json"));
        keys.Remove("anna");
        keys.Add("bert", KeyScope.Read, null);
        File.Copy(file, Path.Combine(_server.Data, "new", "keys.json"));
        File.Delete(file);
        var link = Path.Combine(_server.Data, "..data");
        Directory.CreateSymbolicLink(link, "old");
        File.CreateSymbolicLink(file, Path.Combine("..data", "keys.json"));
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(revoked)).StatusCode);

        Directory.Delete(link);
        Directory.CreateSymbolicLink(link, "new");

        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync(revoked)).StatusCode);

        async Task<HttpResponseMessage> GetAsync(string key)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Videos, UriKind.Relative));
            request.Headers.Authorization = new("Bearer", key);
            return await _server.Client.SendAsync(request, TestServer.Token);
        }
    }

    [Fact]
    public async Task AServer_WhoseKeyFileIsGone_LetsNobodyIn()
    {
        new KeyFile(_server.Data, TimeProvider.System).Add("anna", KeyScope.Read, null);
        Assert.Equal(HttpStatusCode.Unauthorized, (await _server.GetAsync(Videos)).Status);

        File.Delete(Path.Combine(_server.Data, "keys.json"));

        Assert.Equal(HttpStatusCode.Unauthorized, (await _server.GetAsync(Videos)).Status);
    }

    [Fact]
    public async Task AServer_ThatOthersReach_AsksForAKeyBeforeItHasSeenOne()
    {
        var keys = new KeyFile(_server.Data, TimeProvider.System);
        keys.Add("anna", KeyScope.Read, null);
        await _server.RestartAsync(options => options with { Endpoints = [new IPEndPoint(IPAddress.Any, 0)] });

        keys.Remove("anna"); // before any request

        using var client = new HttpClient
        {
            BaseAddress = new Uri($"http://127.0.0.1:{_server.Client.BaseAddress!.Port}"),
            Timeout = Timeout.InfiniteTimeSpan,
        };
        using var answer = await client.GetAsync(new Uri(Videos, UriKind.Relative), TestServer.Token);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Fact]
    public async Task AServer_WhoseKeyFileIsDamaged_LetsNobodyInAndShowsNoPath()
    {
        await File.WriteAllTextAsync(Path.Combine(_server.Data, "keys.json"), "[{", TestServer.Token);

        var (status, body) = await _server.GetAsync(Videos);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.DoesNotContain("keys.json", body.ToString(), StringComparison.Ordinal);
        Assert.Contains(_server.Notices, notice => notice.Contains("keys.json", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Refusals_SayWhatTheyAskForAndKeepTheirProtection()
    {
        new KeyFile(_server.Data, TimeProvider.System).Add("anna", KeyScope.Read, null);

        using var answer = await _server.Client.GetAsync(new Uri(Videos, UriKind.Relative), TestServer.Token);

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal("Bearer", answer.Headers.WwwAuthenticate.Single().Scheme);
        Assert.Contains("default-src 'self'", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
    }

    [Fact]
    public async Task Secrets_AreReadableByTheirOwnerAlone()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such modes.");
        new KeyFile(_server.Data, TimeProvider.System).Add("anna", KeyScope.Read, null);
        await _server.RestartAsync();

        const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Assert.Equal(Owner, File.GetUnixFileMode(Path.Combine(_server.Data, "keys.json")));
        Assert.Equal(Owner, File.GetUnixFileMode(Path.Combine(_server.Data, "webhook.key")));
        Assert.Equal(Owner | UnixFileMode.UserExecute, File.GetUnixFileMode(_server.Data));
    }

    private static (string, string) Bearer(string key) => ("Authorization", $"Bearer {key}");
}
