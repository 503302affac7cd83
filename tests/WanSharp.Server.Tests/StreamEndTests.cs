using System.Net;

namespace WanSharp.Server.Tests;

/// <summary>Whoever waits for a video hears of its end, whatever ended it, and nobody waits for what is over.</summary>
public sealed class StreamEndTests : IAsyncLifetime
{
    private const string Batches = "/v1/videos/batches";

    private TestServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.StartAsync();
        await _server.PostAsync("/v1/queue/pause", "{}");
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData(2, "cancel", "video.failed")]
    [InlineData(2, "delete", "video.deleted")]
    [InlineData(100, "cancel", "video.failed")]
    [InlineData(100, "delete", "video.deleted")]
    public async Task AStream_OfAVideoThatEndsWithItsBatch_EndsWithItsEnd(int count, string change, string last)
    {
        var prompts = string.Join("\\n", Enumerable.Range(0, count).Select(i => $"clip {i}"));
        var (_, batch) = await _server.PostAsync(Batches, $$"""{"prompts":"{{prompts}}","frames":5}""");
        var path = $"{Batches}/{batch.GetProperty("id").GetString()}";
        var (_, list) = await _server.GetAsync($"/v1/videos?limit=1&order=desc&batch={batch.GetProperty("id").GetString()}");
        using var stream = await _server.Client.GetAsync(
            new Uri($"/v1/videos/{list.GetProperty("last_id").GetString()}/events", UriKind.Relative),
            HttpCompletionOption.ResponseHeadersRead,
            TestServer.Token
        );

        _ = change == "delete" ? await _server.DeleteAsync(path) : await _server.PostAsync($"{path}/{change}", "{}");

        var events = await stream.Content.ReadAsStringAsync(TestServer.Token);
        var types = events.Split('\n').Where(line => line.StartsWith("event: ", StringComparison.Ordinal)).ToList();
        Assert.Equal("event: " + last, types[^1]);
    }

    [Fact]
    public async Task AStream_OfAVideoThatGoesOn_SurvivesManyOthersEnding()
    {
        var id = await _server.CreateAsync("a");
        var prompts = string.Join("\\n", Enumerable.Range(0, 100).Select(i => $"clip {i}"));
        var (_, batch) = await _server.PostAsync(Batches, $$"""{"prompts":"{{prompts}}","frames":5}""");
        using var stream = await _server.Client.GetAsync(
            new Uri($"/v1/videos/{id}/events", UriKind.Relative),
            HttpCompletionOption.ResponseHeadersRead,
            TestServer.Token
        );

        await _server.DeleteAsync($"{Batches}/{batch.GetProperty("id").GetString()}");
        await _server.PostAsync("/v1/queue/resume", "{}");

        var events = await stream.Content.ReadAsStringAsync(TestServer.Token);
        Assert.Contains("event: video.completed", events, StringComparison.Ordinal);
    }

    /// <summary>A browser comes back by itself when a stream ends, with the id of the last event.</summary>
    [Fact]
    public async Task AStream_OfAVideoWhoseEndWasSeen_SaysThatThereIsNothingMore()
    {
        var id = await _server.CreateAsync("a");
        using var stream = await _server.Client.GetAsync(
            new Uri($"/v1/videos/{id}/events", UriKind.Relative),
            HttpCompletionOption.ResponseHeadersRead,
            TestServer.Token
        );
        await _server.PostAsync("/v1/queue/resume", "{}");
        var events = await stream.Content.ReadAsStringAsync(TestServer.Token);
        var last = events.Split('\n').Last(line => line.StartsWith("id: ", StringComparison.Ordinal))["id: ".Length..];
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/videos/{id}/events");
        request.Headers.Add("Last-Event-ID", last);

        using var answer = await _server.Client.SendAsync(request, TestServer.Token);

        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode); // the one answer after which a browser stays away
    }

    /// <summary>As the official clients' iterators do it: page by page, and each video of a page is deleted.</summary>
    [Theory]
    [InlineData("asc")]
    [InlineData("desc")]
    public async Task AList_WhoseVideosAreDeletedOnTheWay_GoesOn(string order)
    {
        for (var i = 0; i < 5; i++)
        {
            await _server.CreateAsync($"clip {i}");
        }

        string? after = null;
        var count = 0;
        do
        {
            var (status, page) = await _server.GetAsync($"/v1/videos?limit=2&order={order}&after={after}");
            Assert.True(status == HttpStatusCode.OK, page.ToString());
            foreach (var video in page.GetProperty("data").EnumerateArray())
            {
                await _server.DeleteAsync($"/v1/videos/{video.GetProperty("id").GetString()}");
                count++;
            }

            after = page.GetProperty("has_more").GetBoolean() ? page.GetProperty("last_id").GetString() : null;
        } while (after is not null);

        Assert.Equal(5, count);
    }

    [Fact]
    public async Task AVideo_ThatAClientWaitsFor_StaysInTheQueueWhenTheServerStops()
    {
        // a client of its own: that of the test goes before the server stops
        using var client = new HttpClient { BaseAddress = _server.Client.BaseAddress, Timeout = Timeout.InfiniteTimeSpan };
        using var json = new StringContent("""{"prompt":"a","num_frames":5,"steps":2}""", System.Text.Encoding.UTF8, "application/json");
        var waiting = client.PostAsync(new Uri("/v1/videos/sync", UriKind.Relative), json, TestServer.Token);
        string? id = null;
        while (id is null)
        {
            var (_, list) = await _server.GetAsync("/v1/videos");
            id = list.GetProperty("first_id").GetString();
        }

        var stopping = _server.StopAsync();
        using var answer = await waiting;
        await stopping;
        await _server.RestartAsync();

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Contains("\"stopping\"", await answer.Content.ReadAsStringAsync(TestServer.Token), StringComparison.Ordinal);
        Assert.Equal("queued", (await _server.GetAsync($"/v1/videos/{id}")).Body.GetProperty("status").GetString());
    }
}
