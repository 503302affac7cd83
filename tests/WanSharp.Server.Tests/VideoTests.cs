using System.Net;
using System.Net.Http.Headers;

namespace WanSharp.Server.Tests;

public sealed class VideoTests : IAsyncLifetime
{
    private TestServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task WhatTheServerNeverDoes_IsRefusedOnceItIsSent()
    {
        var (status, answer) = await _server.PostAsync("/v1/videos/characters", $$"""{"name":"{{new string('a', 1 << 20)}}"}""");

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal("not_supported", answer.GetProperty("error").GetProperty("code").GetString());
        Assert.Contains("input_reference", answer.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Create_OfAVideo_MakesItsClip()
    {
        var id = await _server.CreateAsync("a red circle", ",\"seed\":7");

        var video = await _server.EndAsync(id);

        Assert.Equal(("video", "completed", 100), (Text("object"), Text("status"), video.GetProperty("progress").GetInt32()));
        Assert.Equal(("tiny", "a red circle", "32x16", "0.625"), (Text("model"), Text("prompt"), Text("size"), Text("seconds")));
        Assert.Equal(7, video.GetProperty("seed").GetInt32());
        using var clip = await _server.Client.GetAsync(new Uri($"/v1/videos/{id}/content", UriKind.Relative), TestServer.Token);
        Assert.Equal("image/webp", clip.Content.Headers.ContentType!.MediaType);
        Assert.Equal($"\"{Text("sha256")}\"", clip.Headers.ETag!.Tag);

        string? Text(string name) => video.GetProperty(name).GetString();
    }

    [Fact]
    public async Task Content_OfARange_IsThatPart()
    {
        var id = await _server.CreateAsync("a");
        await _server.EndAsync(id);
        var whole = await _server.Client.GetByteArrayAsync(new Uri($"/v1/videos/{id}/content", UriKind.Relative), TestServer.Token);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/videos/{id}/content") { Headers = { Range = new(10, 19) } };

        using var answer = await _server.Client.SendAsync(request, TestServer.Token);

        Assert.Equal(HttpStatusCode.PartialContent, answer.StatusCode);
        Assert.Equal(whole[10..20], await answer.Content.ReadAsByteArrayAsync(TestServer.Token));
        using var again = new HttpRequestMessage(HttpMethod.Get, $"/v1/videos/{id}/content");
        again.Headers.IfNoneMatch.Add(EntityTagHeaderValue.Parse(answer.Headers.ETag!.ToString()));
        using var unchanged = await _server.Client.SendAsync(again, TestServer.Token);
        Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);
    }

    [Theory]
    [InlineData("thumbnail")]
    [InlineData("spritesheet")]
    public async Task Content_OfAVariant_IsAPicture(string variant)
    {
        var id = await _server.CreateAsync("a");
        await _server.EndAsync(id);

        using var answer = await _server.Client.GetAsync(
            new Uri($"/v1/videos/{id}/content?variant={variant}", UriKind.Relative),
            TestServer.Token
        );

        Assert.Equal((HttpStatusCode.OK, "image/webp"), (answer.StatusCode, answer.Content.Headers.ContentType!.MediaType));
    }

    [Theory]
    [InlineData("""{"prompt":"a","guidence":4}""", "guidence", "Did you mean guidance?")]
    [InlineData("""{"prompt":"a","steps":"many"}""", "steps", "a whole number from 1 to")]
    [InlineData("""{"prompt":"a","num_frames":5,"seconds":"4"}""", "num_frames", "leave one out")]
    [InlineData("""{"prompt":"a","guidance":3,"guidance_scale":7}""", "guidance", "leave one out")]
    [InlineData("""{"prompt":"a","guidance_scale":4,"guidance_steps":"3,1","steps":2}""", "guidance_scale", "leave one out")]
    [InlineData("""{"prompt":"a","guidance_scale":4,"guidance_scale_2":3,"guidance_high":2}""", "guidance_scale", "leave one out")]
    [InlineData("""{"prompt":"a","size":"31x17"}""", "size", "does not fit")]
    [InlineData("""{"prompt":""}""", "prompt", "say what the video shows")]
    [InlineData("""{"prompt":"a","model":"sora-2"}""", "model", "'tiny'")]
    [InlineData("""{"prompt":"a","lora":"../../etc/passwd"}""", "lora", "is a path")]
    [InlineData("""{"prompt":"a","input_reference":"file:///etc/passwd"}""", "input_reference", "data: URL")]
    [InlineData("""{"prompt":"a","input_reference":"http://localhost/a.png"}""", "input_reference", "option fetch-from")]
    [InlineData("""{"prompt":"a","guidance_scale_2":4}""", "guidance_scale_2", "give both")]
    public async Task Create_OfWhatIsNotUnderstood_SaysWhichField(string body, string param, string message)
    {
        var (status, answer) = await _server.PostAsync("/v1/videos", body);

        var error = answer.GetProperty("error");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal((param, "invalid_request_error"), (error.GetProperty("param").GetString(), error.GetProperty("type").GetString()));
        Assert.Contains(message, error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_GoesThroughAllVideosPageByPage()
    {
        var made = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            made.Add(await _server.CreateAsync($"clip {i}"));
        }

        var seen = new List<string>();
        string? after = null;
        do
        {
            var (_, page) = await _server.GetAsync($"/v1/videos?limit=2&order=asc&after={after}");
            seen.AddRange(page.GetProperty("data").EnumerateArray().Select(video => video.GetProperty("id").GetString()!));
            after = page.GetProperty("has_more").GetBoolean() ? page.GetProperty("last_id").GetString() : null;
        } while (after is not null);

        Assert.Equal(made, seen);
    }

    [Fact]
    public async Task Delete_OfAVideo_TakesItsFileWithIt()
    {
        var id = await _server.CreateAsync("a");
        await _server.EndAsync(id);

        var (_, deleted) = await _server.DeleteAsync($"/v1/videos/{id}");
        var (status, _) = await _server.GetAsync($"/v1/videos/{id}");

        Assert.Equal("video.deleted", deleted.GetProperty("object").GetString());
        Assert.Equal(HttpStatusCode.NotFound, status);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(_server.Data, "videos")));
        await _server.RestartAsync();
        Assert.Equal(HttpStatusCode.NotFound, (await _server.GetAsync($"/v1/videos/{id}")).Status);
    }

    [Fact]
    public async Task Create_WithAKeyThatCameBefore_IsTheSameVideo()
    {
        var (_, first) = await _server.PostAsync("/v1/videos", """{"prompt":"a","steps":1}""", ("Idempotency-Key", "k"));
        var (_, again) = await _server.PostAsync("/v1/videos", """{"steps":1,"prompt":"a"}""", ("Idempotency-Key", "k"));
        var (status, _) = await _server.PostAsync("/v1/videos", """{"prompt":"b","steps":1}""", ("Idempotency-Key", "k"));

        Assert.Equal(first.GetProperty("id").GetString(), again.GetProperty("id").GetString());
        Assert.Equal(HttpStatusCode.Conflict, status);
    }

    [Fact]
    public async Task Remix_KeepsWhatIsNotSaid()
    {
        var id = await _server.CreateAsync("a", ",\"seed\":3");

        var (_, remix) = await _server.PostAsync($"/v1/videos/{id}/remix", """{"prompt":"b"}""");

        Assert.Equal(("b", id), (remix.GetProperty("prompt").GetString(), remix.GetProperty("remixed_from_video_id").GetString()));
        Assert.Equal((3, 5), (remix.GetProperty("seed").GetInt32(), remix.GetProperty("num_frames").GetInt32()));
    }

    [Fact]
    public async Task Restart_ContinuesWithWhatWaits()
    {
        var ids = new List<string>();
        for (var i = 0; i < 6; i++)
        {
            ids.Add(await _server.CreateAsync($"clip {i}"));
        }

        await _server.RestartAsync();

        foreach (var id in ids)
        {
            Assert.Equal("completed", (await _server.EndAsync(id)).GetProperty("status").GetString());
        }
    }

    [Fact]
    public async Task Pause_OfTheQueue_OutlivesARestart()
    {
        await _server.PostAsync("/v1/queue/pause", "{}");
        var id = await _server.CreateAsync("a");
        await _server.RestartAsync();

        var (_, queue) = await _server.GetAsync("/v1/queue");
        Assert.True(queue.GetProperty("paused").GetBoolean());
        Assert.Equal("queued", (await _server.GetAsync($"/v1/videos/{id}")).Body.GetProperty("status").GetString());
        await _server.PostAsync("/v1/queue/resume", "{}");

        Assert.Equal("completed", (await _server.EndAsync(id)).GetProperty("status").GetString());
    }

    [Fact]
    public async Task Changes_OfAVideo_DoWhatTheySay()
    {
        await _server.PostAsync("/v1/queue/pause", "{}");
        var id = await _server.CreateAsync("a");

        var (_, paused) = await _server.PostAsync($"/v1/videos/{id}/pause", "{}");
        var (_, cancelled) = await _server.PostAsync($"/v1/videos/{id}/cancel", "{}");
        var (_, retried) = await _server.PostAsync($"/v1/videos/{id}/retry", "{}");
        using var patch = new StringContent("""{"priority":5}""", System.Text.Encoding.UTF8, "application/json");
        using var first = await _server.Client.PatchAsync(new Uri($"/v1/videos/{id}", UriKind.Relative), patch, TestServer.Token);
        var (tooLate, _) = await _server.PostAsync($"/v1/videos/{id}/retry", "{}");

        Assert.True(paused.GetProperty("paused").GetBoolean());
        Assert.Equal("cancelled", cancelled.GetProperty("error").GetProperty("code").GetString());
        Assert.Equal("queued", retried.GetProperty("status").GetString());
        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, tooLate);
    }

    [Fact]
    public async Task Create_WhenTooManyWait_SaysWhenToComeBack()
    {
        await _server.RestartAsync(options => options with { MostQueued = 0 });

        var (status, answer) = await _server.PostAsync("/v1/videos", """{"prompt":"a"}""");

        Assert.Equal(HttpStatusCode.TooManyRequests, status);
        Assert.Equal("queue_full", answer.GetProperty("error").GetProperty("code").GetString());
    }

    [Fact]
    public async Task Create_OfWhatWasMadeBefore_IsDoneAtOnce()
    {
        await _server.RestartAsync(options => options with { LongestCopy = TimeSpan.FromHours(1) });
        await _server.EndAsync(await _server.CreateAsync("a"));

        var (_, again) = await _server.PostAsync("/v1/videos", """{"prompt":"a","num_frames":5,"steps":2}""");

        Assert.Equal(("completed", true), (again.GetProperty("status").GetString(), again.GetProperty("from_cache").GetBoolean()));
    }

    [Fact]
    public async Task Sync_AnswersWithTheFile()
    {
        using var form = new MultipartFormDataContent { { new StringContent("a"), "prompt" }, { new StringContent("1"), "steps" } };

        using var answer = await _server.Client.PostAsync(new Uri("/v1/videos/sync", UriKind.Relative), form, TestServer.Token);

        Assert.Equal((HttpStatusCode.OK, "image/webp"), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
    }

    [Fact]
    public async Task Videos_ThatWereKeptLongEnough_AreDeleted()
    {
        var id = await _server.CreateAsync("a");
        await _server.EndAsync(id);

        await _server.RestartAsync(options => options with { Keep = TimeSpan.Zero });

        while ((await _server.GetAsync($"/v1/videos/{id}")).Status == HttpStatusCode.OK)
        {
            await Task.Delay(20, TestServer.Token);
        }
    }

    [Fact]
    public async Task Create_WithAPicture_ShowsIt()
    {
        var image = new Media.Images.RgbImage(32, 16, new byte[3 * 32 * 16]);
        var picture = Convert.ToBase64String(Media.Images.PictureBytes.Webp(image, quality: 90));

        var id = await _server.CreateAsync("a", $",\"input_reference\":{{\"image_url\":\"data:image/webp;base64,{picture}\"}}");

        Assert.Equal("completed", (await _server.EndAsync(id)).GetProperty("status").GetString());
        Assert.Single(Directory.EnumerateFiles(Path.Combine(_server.Data, "uploads")));
    }

    [Fact]
    public async Task Events_OfAVideo_EndWithItsEnd()
    {
        var id = await _server.CreateAsync("a");

        var events = await _server.Client.GetStringAsync(new Uri($"/v1/videos/{id}/events", UriKind.Relative), TestServer.Token);

        var types = events.Split('\n').Where(line => line.StartsWith("event: ", StringComparison.Ordinal)).ToList();
        Assert.Equal("event: video.completed", types[^1]);
    }
}
