using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using WanSharp.Server.Security;

namespace WanSharp.Server.Tests;

/// <summary>What is promised holds when many ask at once, when much happens at once, and when bytes are no text.</summary>
public sealed class PromiseTests : IAsyncLifetime
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
    public async Task AServer_WhoseLastKeyIsRemoved_LetsNobodyIn()
    {
        var keys = new KeyFile(_server.Data, TimeProvider.System);
        keys.Add("anna", KeyScope.Read, null);
        using var refused = await _server.Client.GetAsync(new Uri("/v1/videos", UriKind.Relative), TestServer.Token);
        Assert.Equal((HttpStatusCode.Unauthorized, "Bearer"), (refused.StatusCode, refused.Headers.WwwAuthenticate.Single().Scheme));
        Assert.Contains("default-src", refused.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);

        keys.Remove("anna");

        Assert.Equal(HttpStatusCode.Unauthorized, (await _server.GetAsync("/v1/videos")).Status);
        await _server.RestartAsync();
        Assert.Equal(HttpStatusCode.OK, (await _server.GetAsync("/v1/videos")).Status);
    }

    [Fact]
    public async Task APath_ThatWildcardsMake_IsRefused()
    {
        var (status, body) = await _server.PostAsync(
            "/v1/videos/batches",
            """{"prompts":"{2$$$$/etc/passwd:1>|<lora:} a circle","seeds":"0..7","steps":1,"frames":5}"""
        );

        Assert.Equal(HttpStatusCode.BadRequest, status);
        var problems = body.GetProperty("error").GetProperty("problems").ToString();
        Assert.Contains("names a LoRA by a path", problems, StringComparison.Ordinal);
        Assert.DoesNotContain("There is no LoRA", problems, StringComparison.Ordinal); // nothing was looked up
    }

    [Fact]
    public async Task AQuota_HoldsWhenManyAskAtOnce()
    {
        var key = new KeyFile(_server.Data, TimeProvider.System).Add("anna", KeyScope.Write, null, new KeyLimits { MostPerDay = 3 });

        var statuses = await Task.WhenAll(
            Enumerable
                .Range(0, 12)
                .Select(async _ => (await _server.PostAsync("/v1/videos", Video, ("Authorization", $"Bearer {key}"))).Status)
        );

        Assert.Equal(3, statuses.Count(status => status == HttpStatusCode.OK));
        Assert.All(statuses, status => Assert.True(status is HttpStatusCode.OK or HttpStatusCode.TooManyRequests));
    }

    [Fact]
    public async Task AStreamOfAVideo_EndsWhenItsBatchIsCancelledOrDeleted()
    {
        var (_, batch) = await _server.PostAsync("/v1/videos/batches", """{"prompts":"a","seeds":"0..79","steps":1,"frames":5}""");
        var id = batch.GetProperty("id").GetString();
        var (_, list) = await _server.GetAsync($"/v1/videos?batch={id}");
        using var stream = await _server.Client.GetAsync(
            new Uri($"/v1/videos/{list.GetProperty("data")[0].GetProperty("id").GetString()}/events", UriKind.Relative),
            HttpCompletionOption.ResponseHeadersRead,
            TestServer.Token
        );

        await _server.PostAsync($"/v1/videos/batches/{id}/cancel", "{}");

        Assert.Contains("reset", await stream.Content.ReadAsStringAsync(TestServer.Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AList_IsGoneThroughWhileItsVideosAreDeleted()
    {
        var ids = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            ids.Add(await _server.CreateAsync($"{i}"));
        }

        await _server.DeleteAsync($"/v1/videos/{ids[0]}");
        var (status, page) = await _server.GetAsync($"/v1/videos?order=asc&after={ids[0]}");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(ids[1..], page.GetProperty("data").EnumerateArray().Select(video => video.GetProperty("id").GetString()));
    }

    [Fact]
    public async Task ABatch_OfAKeyThatCameBefore_IsNotAskedForTwice()
    {
        const string Body = """{"prompts":"a\nb","steps":1,"frames":5}""";
        var first = await _server.PostAsync("/v1/videos/batches", Body, ("Idempotency-Key", "k"));
        var second = await _server.PostAsync("/v1/videos/batches", Body, ("Idempotency-Key", "k"));
        var other = await _server.PostAsync(
            "/v1/videos/batches",
            Body.Replace("b", "c", StringComparison.Ordinal),
            ("Idempotency-Key", "k")
        );

        Assert.Equal(first.Body.GetProperty("id").GetString(), second.Body.GetProperty("id").GetString());
        Assert.Equal(HttpStatusCode.Conflict, other.Status);
        Assert.Equal(2, (await _server.GetAsync("/v1/queue")).Body.GetProperty("queued").GetInt32());
    }

    [Theory]
    [InlineData("/v1/videos", "{\"prompt\":\"\\ud800\"}")]
    [InlineData("/v1/videos", "{\"\\ud800\":1}")]
    [InlineData("/v1/videos", "{\"prompt\":\"a\u00ff\"}")]
    [InlineData("/v1/session", "{\"key\":\"\\ud800\"}")]
    [InlineData("/v1/queue/order", "{\"ids\":[\"\\ud800\"]}")]
    [InlineData("/prompt", "{\"prompt\":{\"1\":{\"class_type\":\"\\ud800\",\"inputs\":{}}}}")]
    [InlineData("/prompt", "{\"prompt\":{\"1\":{\"class_type\":\"KSampler\",\"inputs\":{\"seed\":\"\\udfff\"}}}}")]
    public async Task AText_ThatIsNotUnicode_IsRefused(string path, string json)
    {
        using var body = new ByteArrayContent(Encoding.Latin1.GetBytes(json));
        body.Headers.ContentType = new MediaTypeHeaderValue("application/json");

        using var answer = await _server.Client.PostAsync(new Uri(path, UriKind.Relative), body, TestServer.Token);

        Assert.InRange((int)answer.StatusCode, 400, 499);
        using var error = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestServer.Token));
        Assert.True(error.RootElement.TryGetProperty("error", out _));
    }

    [Theory]
    [InlineData("user")]
    [InlineData("style")]
    [InlineData("prompt")]
    public async Task AText_ThatIsTooLong_IsRefused(string field)
    {
        var fields = new Dictionary<string, string> { ["prompt"] = "a", [field] = new('a', 9000) };

        var (status, error) = await _server.PostAsync("/v1/videos", JsonSerializer.Serialize(fields));

        Assert.Equal((HttpStatusCode.BadRequest, field), (status, error.GetProperty("error").GetProperty("param").GetString()));
    }

    [Fact]
    public async Task AnUpload_ThatIsCut_IsRefused()
    {
        using var body = new StringContent("--x\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.png\"\r\n\r\nabc");
        body.Headers.ContentType = MediaTypeHeaderValue.Parse("multipart/form-data; boundary=x");

        using var answer = await _server.Client.PostAsync(new Uri("/upload/image", UriKind.Relative), body, TestServer.Token);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }
}
