using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using WanSharp.Server.Security;

namespace WanSharp.Server.Tests;

/// <summary>What keys may have of the server, and see of each other.</summary>
public sealed class KeyLimitTests : IAsyncLifetime
{
    private const string Video = """{"prompt":"a","steps":1,"num_frames":5}""";

    private TestServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.StartAsync();
        await _server.PostAsync("/v1/queue/pause", "{}");
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task AKey_ThatSeesItsOwn_SeesNothingOfOthers()
    {
        var keys = new KeyFile(_server.Data, TimeProvider.System);
        var (anna, ben) = (Add(keys, "anna", new KeyLimits { OnlyOwn = true }), Add(keys, "ben", new KeyLimits()));
        var (ofAnna, ofBen) = (await CreateAsync(anna), await CreateAsync(ben));

        Assert.Equal([ofAnna], await IdsAsync(anna));
        Assert.Equal([ofBen, ofAnna], await IdsAsync(ben));
        Assert.Equal(1, (await SendAsync(anna, HttpMethod.Get, "/v1/queue")).Body.GetProperty("queued").GetInt32());
        foreach (var path in (string[])["", "/settings", "/content", "/preview", "/events"])
        {
            Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(anna, HttpMethod.Get, $"/v1/videos/{ofBen}{path}")).Status);
        }

        foreach (var path in (string[])["/v1/models/known", "/v1/models/pulls"]) // the page asks for them, and nothing of anybody is there
        {
            Assert.Equal(HttpStatusCode.OK, (await SendAsync(anna, HttpMethod.Get, path)).Status);
        }

        foreach (var path in (string[])["/cancel", "/pause", "/retry", "/remix"])
        {
            Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(anna, HttpMethod.Post, $"/v1/videos/{ofBen}{path}", Video)).Status);
        }

        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(anna, HttpMethod.Patch, $"/v1/videos/{ofBen}", Video)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(anna, HttpMethod.Delete, $"/v1/videos/{ofBen}")).Status);
        Assert.Equal("ben", (await SendAsync(ben, HttpMethod.Get, $"/v1/videos/{ofBen}")).Body.GetProperty("owner").GetString());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(60)]
    [InlineData(7001)]
    [InlineData(1_000_000)]
    public void ARate_ComesBackAsAsked_InSpansThatTimersKnow(int rate)
    {
        var (requests, every) = KeyCheck.RefillOf(rate);

        Assert.InRange(every, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1));
        Assert.Equal(rate, requests / every.TotalMinutes, rate * 1e-5);
        Assert.True(requests == 1 || rate > 6000);
    }

    [Fact]
    public async Task ABatch_OfAnotherKey_IsNotThere()
    {
        var keys = new KeyFile(_server.Data, TimeProvider.System);
        var (anna, ben) = (Add(keys, "anna", new KeyLimits { OnlyOwn = true }), Add(keys, "ben", new KeyLimits()));
        var (status, batch) = await SendAsync(ben, HttpMethod.Post, "/v1/videos/batches", """{"prompts":"a\nb","steps":1,"frames":5}""");
        Assert.True(status == HttpStatusCode.OK, batch.ToString());

        Assert.Equal(0, (await SendAsync(anna, HttpMethod.Get, "/v1/videos/batches")).Body.GetProperty("data").GetArrayLength());
        var path = $"/v1/videos/batches/{batch.GetProperty("id").GetString()}";
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(anna, HttpMethod.Get, path)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(anna, HttpMethod.Delete, path)).Status);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(ben, HttpMethod.Get, path)).Status);
    }

    /// <summary>Every route either tells keys apart, or lets in none that sees its own videos alone.</summary>
    [Theory]
    [InlineData("/metrics")]
    [InlineData("/queue")]
    [InlineData("/history")]
    [InlineData("/v1/webhooks/deliveries")]
    public async Task ARoute_ThatDoesNotTellKeysApart_RefusesAKeyThatSeesItsOwn(string path)
    {
        var key = new KeyFile(_server.Data, TimeProvider.System).Add("anna", KeyScope.Admin, null, new KeyLimits { OnlyOwn = true });

        var (status, body) = await SendAsync(key, HttpMethod.Get, path);

        Assert.Equal((HttpStatusCode.Forbidden, "own_videos_only"), (status, body.GetProperty("error").GetProperty("code").GetString()));
    }

    [Fact]
    public async Task AKey_OfLimitedVideos_IsToldWhenItHasThem()
    {
        var keys = new KeyFile(_server.Data, TimeProvider.System);
        var open = Add(keys, "open", new KeyLimits { MostOpen = 1 });
        var daily = Add(keys, "daily", new KeyLimits { MostPerDay = 2 });

        var first = await CreateAsync(open);
        Assert.Equal("too_many_open", await RefusedAsync(open));
        await SendAsync(open, HttpMethod.Delete, $"/v1/videos/{first}");
        await CreateAsync(open);

        await SendAsync(daily, HttpMethod.Delete, $"/v1/videos/{await CreateAsync(daily)}"); // what is deleted was asked for all the same
        await CreateAsync(daily);
        Assert.Equal("quota_used_up", await RefusedAsync(daily));
    }

    private static string Add(KeyFile keys, string name, KeyLimits limits) => keys.Add(name, KeyScope.Write, null, limits);

    private async Task<string> CreateAsync(string key)
    {
        var (status, body) = await SendAsync(key, HttpMethod.Post, "/v1/videos", Video);
        Assert.True(status == HttpStatusCode.OK, body.ToString());
        return body.GetProperty("id").GetString()!;
    }

    private async Task<string?> RefusedAsync(string key)
    {
        var (status, body) = await SendAsync(key, HttpMethod.Post, "/v1/videos", Video);
        Assert.Equal(HttpStatusCode.TooManyRequests, status);
        return body.GetProperty("error").GetProperty("code").GetString();
    }

    private async Task<IEnumerable<string?>> IdsAsync(string key) =>
        (await SendAsync(key, HttpMethod.Get, "/v1/videos"))
            .Body.GetProperty("data")
            .EnumerateArray()
            .Select(video => video.GetProperty("id").GetString());

    private async Task<(HttpStatusCode Status, JsonElement Body)> SendAsync(string key, HttpMethod method, string path, string? json = null)
    {
        using var request = new HttpRequestMessage(method, path) { Headers = { Authorization = new("Bearer", key) } };
        if (json is not null)
        {
            request.Content = new StringContent(json, System.Text.Encoding.UTF8, "application/json");
        }

        using var answer = await _server.Client.SendAsync(request, TestServer.Token);
        return (answer.StatusCode, await answer.Content.ReadFromJsonAsync<JsonElement>(TestServer.Token));
    }
}
