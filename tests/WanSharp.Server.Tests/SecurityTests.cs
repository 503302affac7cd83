using System.Net;
using WanSharp.Server.Pictures;
using WanSharp.Server.Security;

namespace WanSharp.Server.Tests;

public sealed class SecurityTests : IAsyncLifetime
{
    private TestServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData("Host", "evil.example", (HttpStatusCode)421)]
    [InlineData("Host", "localhost", HttpStatusCode.OK)]
    [InlineData("Origin", "http://evil.example", HttpStatusCode.Forbidden)]
    [InlineData("Origin", "null", HttpStatusCode.Forbidden)]
    public async Task Requests_OfOtherPages_AreRefused(string header, string value, HttpStatusCode expected)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/videos");
        request.Headers.TryAddWithoutValidation(header, value);

        using var answer = await _server.Client.SendAsync(request, TestServer.Token);

        Assert.Equal(expected, answer.StatusCode);
    }

    [Fact]
    public async Task Requests_OfTheServersOwnPage_AreTaken()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/videos");
        request.Headers.TryAddWithoutValidation("Origin", $"http://127.0.0.1:{_server.Client.BaseAddress!.Port}");

        using var answer = await _server.Client.SendAsync(request, TestServer.Token);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains("default-src 'self'", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.False(answer.Headers.Contains("Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task Start_BeyondLoopbackWithoutAKey_IsRefused()
    {
        var error = await Assert.ThrowsAsync<Tensors.InvalidRequestException>(() =>
            _server.RestartAsync(options => options with { Endpoints = [new IPEndPoint(IPAddress.Any, 0)] })
        );

        Assert.Contains("wan keys add", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_LetInWhatTheirScopeAllows()
    {
        var keys = new KeyFile(_server.Data, TimeProvider.System);
        var (reader, writer) = (keys.Add("reader", KeyScope.Read, 3), keys.Add("writer", KeyScope.Write, null));
        const string Video = """{"prompt":"a","steps":1}""";

        Assert.Equal(HttpStatusCode.Unauthorized, (await _server.GetAsync("/v1/videos")).Status);
        Assert.Equal(HttpStatusCode.OK, (await _server.GetAsync("/healthz")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await _server.PostAsync("/v1/videos", Video, Bearer("wan_wrong"))).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await _server.PostAsync("/v1/videos", Video, Bearer(reader))).Status);
        Assert.Equal(HttpStatusCode.OK, (await _server.PostAsync("/v1/videos", Video, Bearer(writer))).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await _server.PostAsync("/v1/queue/pause", "{}", Bearer(writer))).Status);
        Assert.DoesNotContain(
            writer,
            await File.ReadAllTextAsync(Path.Combine(_server.Data, "keys.json"), TestServer.Token),
            StringComparison.Ordinal
        );

        Assert.True(keys.Remove("writer"));
        Assert.Equal(HttpStatusCode.Unauthorized, (await _server.PostAsync("/v1/videos", Video, Bearer(writer))).Status);
        await _server.StopAsync();
        var audit = await File.ReadAllTextAsync(Path.Combine(_server.Data, "audit.jsonl"), TestServer.Token);
        Assert.Contains("\"key\":\"writer\"", audit, StringComparison.Ordinal);
        Assert.DoesNotContain("\"status\":401", audit, StringComparison.Ordinal); // so that no stranger pushes out what was done
        var refused = await File.ReadAllTextAsync(Path.Combine(_server.Data, "refused.jsonl"), TestServer.Token);
        Assert.Contains("\"status\":401", refused, StringComparison.Ordinal);
        Assert.DoesNotContain(writer, audit, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_OfALimitedRate_AreToldWhenToComeBack()
    {
        var key = new KeyFile(_server.Data, TimeProvider.System).Add("slow", KeyScope.Write, 1);
        var statuses = new List<HttpStatusCode>();
        for (var i = 0; i < 3; i++)
        {
            statuses.Add((await _server.PostAsync("/v1/videos", "{}", Bearer(key))).Status);
        }

        Assert.Contains(HttpStatusCode.TooManyRequests, statuses);
        Assert.Equal(HttpStatusCode.BadRequest, statuses[0]);
    }

    [Fact]
    public async Task Session_OfABrowser_KeepsTheKeyInACookie()
    {
        var key = new KeyFile(_server.Data, TimeProvider.System).Add("page", KeyScope.Read, null);
        using var body = new StringContent($$"""{"key":"{{key}}"}""", System.Text.Encoding.UTF8, "application/json");

        using var answer = await _server.Client.PostAsync(new Uri("/v1/session", UriKind.Relative), body, TestServer.Token);

        var cookie = answer.Headers.GetValues("Set-Cookie").Single();
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(HttpStatusCode.OK, (await _server.GetAsync("/v1/videos")).Status); // the client keeps cookies
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("10.1.2.3")]
    [InlineData("172.31.0.1")]
    [InlineData("192.168.1.1")]
    [InlineData("169.254.169.254")]
    [InlineData("100.64.0.1")]
    [InlineData("0.0.0.0")]
    [InlineData("224.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::1")]
    [InlineData("::")]
    [InlineData("fe80::1")]
    [InlineData("fd00::1")]
    [InlineData("::ffff:10.0.0.1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("64:ff9b::7f00:1")]
    [InlineData("2002:7f00:1::")]
    public void Addresses_OfOwnNetworks_AreNotPublic(string address) => Assert.False(PublicAddresses.Contain(IPAddress.Parse(address)));

    [Theory]
    [InlineData("1.1.1.1")]
    [InlineData("172.32.0.1")]
    [InlineData("2606:4700::1111")]
    [InlineData("::ffff:1.1.1.1")]
    public void Addresses_OfTheInternet_ArePublic(string address) => Assert.True(PublicAddresses.Contain(IPAddress.Parse(address)));

    [Theory]
    [InlineData("http://127.0.0.1/a.png")]
    [InlineData("http://localhost/a.png")]
    [InlineData("http://[::1]/a.png")]
    [InlineData("http://0x7f000001/a.png")]
    [InlineData("http://2130706433/a.png")]
    public async Task Fetch_OfAPrivateAddress_IsRefusedAlsoWhereAllHostsAreAllowed(string address)
    {
        using var fetch = new PictureFetch(["*"]);

        var error = await Assert.ThrowsAsync<Http.ApiException>(() =>
            fetch.GetAsync("input_reference", new Uri(address), 1000, TestServer.Token)
        );

        Assert.Contains("no public address", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<lora:../../secret:1> a circle")]
    [InlineData("<lora:/etc/passwd:1> a circle")]
    public async Task Create_WithAPathInAMarkOfThePrompt_IsRefused(string prompt)
    {
        var (status, answer) = await _server.PostAsync("/v1/videos", $$"""{"prompt":"{{prompt}}"}""");

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("path", answer.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    private static (string, string) Bearer(string key) => ("Authorization", $"Bearer {key}");
}
