using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using WanSharp.Server.Security;

namespace WanSharp.Server.Tests;

/// <summary>What one request, or many at once, may put into the queue.</summary>
public sealed class QueueBoundsTests : IAsyncLifetime
{
    private const string Batches = "/v1/videos/batches";
    private const string Video = """{"prompt":"a","steps":1,"num_frames":5}""";

    private TestServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.StartAsync();
        await _server.PostAsync("/v1/queue/pause", "{}");
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    /// <summary>The model is not open yet: all of them wait for it between the look at the quota and the queue.</summary>
    [Fact]
    public async Task AQuota_HoldsForRequestsThatComeAtOnce()
    {
        var key = new KeyFile(_server.Data, TimeProvider.System).Add("anna", KeyScope.Write, null, new KeyLimits { MostPerDay = 3 });

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => PostAsync("/v1/videos", Video, key)));

        Assert.Equal(3, answers.Count(one => one.Status == HttpStatusCode.OK));
        Assert.Equal(17, answers.Count(one => one.Status == HttpStatusCode.TooManyRequests));
    }

    [Fact]
    public async Task TheQueue_HoldsItsLengthForRequestsThatComeAtOnce()
    {
        await _server.RestartAsync(options => options with { MostQueued = 4 });

        var answers = await Task.WhenAll(
            Enumerable
                .Range(0, 12)
                .Select(i => i % 3 == 0 ? PostAsync(Batches, """{"prompts":"a\nb","frames":5}""") : PostAsync("/v1/videos", Video))
        );

        Assert.All(answers, one => Assert.Contains(one.Status, new[] { HttpStatusCode.OK, HttpStatusCode.TooManyRequests }));
        Assert.InRange((await _server.GetAsync("/v1/queue")).Body.GetProperty("queued").GetInt32(), 3, 4);
    }

    /// <summary>A request that has no room leaves no picture; one that only looks needs none.</summary>
    [Fact]
    public async Task AFullQueue_KeepsNoPictures_AndStillPlans()
    {
        await _server.RestartAsync(options => options with { MostQueued = 1 });
        await _server.CreateAsync("a");

        var (status, body) = await PostAsync(
            "/v1/videos",
            """{"prompt":"b","steps":1,"num_frames":5,"input_reference":"data:image/png;base64,bm8gcGljdHVyZQ=="}"""
        );
        var (dry, _) = await PostAsync(Batches, """{"prompts":"c\nd","frames":5,"dry_run":true}""");

        // that it is no picture nobody looked at
        Assert.Equal((HttpStatusCode.TooManyRequests, "queue_full"), (status, body.GetProperty("error").GetProperty("code").GetString()));
        Assert.Equal(HttpStatusCode.OK, dry);
    }

    [Fact]
    public async Task Retrying_TakesRoomAsAskingDoes()
    {
        await _server.RestartAsync(options => options with { MostQueued = 3 });
        var (_, batch) = await _server.PostAsync(Batches, """{"prompts":"a\nb\nc","frames":5}""");
        var id = batch.GetProperty("id").GetString();
        await _server.PostAsync($"{Batches}/{id}/cancel", "{}");
        var single = await _server.CreateAsync("d");

        var (full, body) = await _server.PostAsync($"{Batches}/{id}/retry", "{}");
        await _server.DeleteAsync($"/v1/videos/{single}");
        var (free, _) = await _server.PostAsync($"{Batches}/{id}/retry", "{}");

        Assert.Equal((HttpStatusCode.TooManyRequests, "queue_full"), (full, body.GetProperty("error").GetProperty("code").GetString()));
        Assert.Equal(HttpStatusCode.OK, free);
    }

    [Theory]
    [InlineData("/v1/videos", "user", 257)]
    [InlineData("/v1/videos", "style", 257)]
    [InlineData("/v1/videos", "model", 257)]
    [InlineData("/v1/videos", "prompt", 8193)]
    [InlineData("/v1/videos", "negative_prompt", 8193)]
    [InlineData(Batches, "name", 257)]
    public async Task Texts_ThatAreKeptWithEachVideo_AreBounded(string path, string field, int length)
    {
        var texts = new Dictionary<string, string> { [path == Batches ? "prompts" : "prompt"] = "a", [field] = new string('x', length) };

        var (status, body) = await _server.PostAsync(path, JsonSerializer.Serialize(texts));

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.True(body.ToString().Length < 2000, body.ToString());
        Assert.Contains(
            body.GetProperty("error").GetProperty("param").GetString(),
            new[] { field, field.Replace("_prompt", "", StringComparison.Ordinal) }
        );
    }

    /// <summary>Clients that speak multipart send their pictures as text in a field.</summary>
    [Fact]
    public async Task APicture_AsTextInAForm_MayBeAsLargeAsOneInJson()
    {
        var noise = new byte[5 << 20];
        new Random(1).NextBytes(noise);
        using var form = new MultipartFormDataContent
        {
            { new StringContent("a"), "prompt" },
            { new StringContent("data:image/png;base64," + Convert.ToBase64String(noise)), "input_reference[image_url]" },
        };

        using var answer = await _server.Client.PostAsync(new Uri("/v1/videos", UriKind.Relative), form, TestServer.Token);

        var error = (await answer.Content.ReadFromJsonAsync<JsonElement>(TestServer.Token)).GetProperty("error");
        Assert.Equal("input_reference.image_url", error.GetProperty("param").GetString()); // noise is no picture, and was read as one
    }

    [Fact]
    public async Task TheJournal_ForgetsTheTextsOfDeletedVideosWhenTheServerStarts()
    {
        var text = string.Join(' ', Enumerable.Repeat("nevertheless", 500));
        var prompts = string.Join('\n', Enumerable.Range(0, 200).Select(i => $"{text} {i}"));
        var stays = await _server.CreateAsync("a circle that stays");
        var (status, batch) = await _server.PostAsync(
            Batches,
            JsonSerializer.Serialize(new Dictionary<string, string> { ["prompts"] = prompts, ["frames"] = "5" })
        );
        Assert.True(status == HttpStatusCode.OK, batch.ToString());
        var journal = Directory.EnumerateFiles(_server.Data, "jobs.jsonl", SearchOption.AllDirectories).Single();
        var gone = (await _server.GetAsync("/v1/videos?limit=1")).Body.GetProperty("first_id").GetString()!;
        await _server.DeleteAsync($"{Batches}/{batch.GetProperty("id").GetString()}");

        await _server.RestartAsync();

        var kept = await File.ReadAllTextAsync(journal, TestServer.Token);
        Assert.DoesNotContain("nevertheless", kept, StringComparison.Ordinal);
        Assert.Contains("a circle that stays", kept, StringComparison.Ordinal);
        Assert.Contains(gone, kept, StringComparison.Ordinal); // that it is deleted, so that no older database brings it back
        await _server.StopAsync();
        foreach (var file in Directory.EnumerateFiles(Path.GetDirectoryName(journal)!, "jobs.db*"))
        {
            File.Delete(file);
        }

        await _server.RestartAsync();
        Assert.Equal(stays, (await _server.GetAsync("/v1/videos")).Body.GetProperty("data")[0].GetProperty("id").GetString());
    }

    private async Task<(HttpStatusCode Status, JsonElement Body)> PostAsync(string path, string json, string? key = null) =>
        await _server.PostAsync(path, json, key is null ? [] : [("Authorization", $"Bearer {key}")]);
}
