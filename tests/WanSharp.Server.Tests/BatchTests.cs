using System.Net;
using System.Text.Json;

namespace WanSharp.Server.Tests;

public sealed class BatchTests : IAsyncLifetime
{
    private const string Batches = "/v1/videos/batches";

    private TestServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Create_OfAFile_MakesEachOfItsJobs()
    {
        const string Jobs = """
            {"prompt":"a red circle","steps":1,"frames":5}
            {"prompt":"a blue square","steps":1,"frames":5,"output":"square.png"}
            """;

        var (status, batch) = await UploadAsync("jobs.jsonl", Jobs);
        Assert.True(status == HttpStatusCode.OK, batch.ToString());
        var id = batch.GetProperty("id").GetString()!;
        var (_, list) = await _server.GetAsync($"/v1/videos?batch={id}&order=asc");
        var videos = list.GetProperty("data").EnumerateArray().ToList();
        foreach (var video in videos)
        {
            await _server.EndAsync(video.GetProperty("id").GetString()!);
        }

        var (_, done) = await _server.GetAsync($"{Batches}/{id}");
        Assert.Equal(("completed", "jobs.jsonl"), (done.GetProperty("status").GetString(), done.GetProperty("name").GetString()));
        Assert.Equal(["image/webp", "image/png"], videos.Select(one => one.GetProperty("media_type").GetString()));
        var (_, report) = await _server.GetAsync($"{Batches}/{id}/report");
        Assert.Equal(2, report.GetProperty("succeeded").GetInt32());
        var page = await _server.Client.GetStringAsync(new Uri($"{Batches}/{id}/report?format=html", UriKind.Relative), TestServer.Token);
        Assert.Contains("data:image/jpeg", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Create_OfPrompts_CombinesThemWithSeeds()
    {
        var (status, batch) = await _server.PostAsync(
            Batches,
            """{"prompts":"a red circle\na blue square","seeds":"0..2","num_frames":5,"num_inference_steps":1,"name":"shapes"}"""
        );

        Assert.True(status == HttpStatusCode.OK, batch.ToString());
        Assert.Equal((6, "shapes"), (batch.GetProperty("total").GetInt32(), batch.GetProperty("name").GetString()));
    }

    [Theory]
    [InlineData("styles", "ink")]
    [InlineData("seeds", "0..3")]
    public async Task Create_OfAFileOfJobs_RefusesWhatGoesWithPrompts(string field, string value)
    {
        var (status, answer) = await UploadAsync("jobs.csv", "prompt\na\nb\n", (field, value));

        Assert.Equal((HttpStatusCode.BadRequest, field), (status, answer.GetProperty("error").GetProperty("param").GetString()));
    }

    /// <summary>As <c>curl -F prompts=@prompts.txt</c> and the page send it.</summary>
    [Theory]
    [InlineData("prompts", "prompts.txt", "a fox\na crane\n")]
    [InlineData("prompts", "prompts", "a fox\na crane\n")]
    [InlineData("prompts", "prompts.csv", "a fox\na crane\n")]
    [InlineData("file", "prompts.txt", "a fox\na crane\n")]
    public async Task Create_OfAFileOfPrompts_CombinesThemWithStylesAndSeeds(string field, string name, string text)
    {
        await _server.PostAsync("/v1/queue/pause", "{}");

        var (status, batch) = await UploadAsync(name, text, field, ("styles", "ink"), ("seeds", "0..2"), ("steps", "1"));

        Assert.True(status == HttpStatusCode.OK, batch.ToString());
        var (_, list) = await _server.GetAsync($"/v1/videos?batch={batch.GetProperty("id").GetString()}&order=asc");
        var videos = list.GetProperty("data").EnumerateArray().ToList();
        Assert.Equal(6, videos.Count);
        Assert.All(videos, video => Assert.Equal("ink", video.GetProperty("style").GetString()));
        Assert.Equal(["a fox", "a crane"], videos.Select(video => video.GetProperty("prompt").GetString()).Distinct());
    }

    [Theory]
    [InlineData("frames", "17", "seconds", "2")]
    [InlineData("guidance_scale", "4", "guidance", "3")]
    [InlineData("seed", "4", "seeds", "1..3")]
    public async Task Create_WithTwoFieldsThatSayTheSame_IsRefused(string one, string value, string other, string otherValue)
    {
        var (status, answer) = await _server.PostAsync(
            Batches,
            $$"""{"prompts":"a","{{one}}":"{{value}}","{{other}}":"{{otherValue}}","dry_run":true}"""
        );

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("leave one out", answer.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Create_OfPromptsWithASeed_GivesItToAll()
    {
        await _server.PostAsync("/v1/queue/pause", "{}");
        var (_, batch) = await _server.PostAsync(Batches, """{"prompts":"a\nb","seed":7,"frames":5}""");

        var (_, list) = await _server.GetAsync($"/v1/videos?batch={batch.GetProperty("id").GetString()}");
        Assert.Equal([7, 7], list.GetProperty("data").EnumerateArray().Select(video => video.GetProperty("seed").GetInt32()));
    }

    [Fact]
    public async Task Create_OfADryRun_MakesNothing()
    {
        var (_, dry) = await _server.PostAsync(Batches, """{"prompts":"a\nb","dry_run":true}""");
        var (_, list) = await _server.GetAsync(Batches);

        Assert.Equal((2, 2), (dry.GetProperty("total").GetInt32(), dry.GetProperty("new").GetInt32()));
        Assert.Equal(0, list.GetProperty("data").GetArrayLength());
    }

    [Fact]
    public async Task Create_WithLinesThatCannotBeMade_NamesThemAll()
    {
        const string Jobs = """
            {"prompt":"a"}
            {"prompt":"b","steps":0}
            {"prompt":"c","image":"/etc/passwd"}
            {"prompt":"d","lora":"../x"}
            """;

        var (status, answer) = await UploadAsync("jobs.jsonl", Jobs);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        var problems = answer.GetProperty("error").GetProperty("problems").EnumerateArray().ToList();
        Assert.Equal([2, 3, 4], problems.Select(one => one.GetProperty("line").GetInt32()).Order());
        Assert.DoesNotContain("wan-batch-", answer.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, (await _server.GetAsync("/v1/videos")).Body.GetProperty("data").GetArrayLength());
    }

    [Fact]
    public async Task Changes_OfABatch_ChangeEachOfItsVideos()
    {
        await _server.PostAsync("/v1/queue/pause", "{}");
        var (_, batch) = await _server.PostAsync(Batches, """{"prompts":"a\nb","num_frames":5}""");
        var id = batch.GetProperty("id").GetString()!;

        Assert.Equal(2, await ChangedAsync("pause"));
        Assert.Equal("paused", (await _server.GetAsync($"{Batches}/{id}")).Body.GetProperty("status").GetString());
        Assert.Equal(2, await ChangedAsync("resume"));
        Assert.Equal(2, await ChangedAsync("cancel"));
        Assert.Equal(2, await ChangedAsync("retry"));
        Assert.Equal(2, (await _server.DeleteAsync($"{Batches}/{id}")).Body.GetProperty("changed").GetInt32());
        Assert.Equal(HttpStatusCode.NotFound, (await _server.GetAsync($"{Batches}/{id}")).Status);

        async Task<int> ChangedAsync(string change) =>
            (await _server.PostAsync($"{Batches}/{id}/{change}", "{}")).Body.GetProperty("changed").GetInt32();
    }

    private Task<(HttpStatusCode Status, JsonElement Body)> UploadAsync(string name, string text, params (string, string)[] fields) =>
        UploadAsync(name, text, "file", fields);

    private async Task<(HttpStatusCode Status, JsonElement Body)> UploadAsync(
        string name,
        string text,
        string part,
        params (string Name, string Value)[] fields
    )
    {
        using var form = new MultipartFormDataContent { { new StringContent(text), part, name } };
        foreach (var field in fields)
        {
            form.Add(new StringContent(field.Value), field.Name);
        }

        using var answer = await _server.Client.PostAsync(new Uri(Batches, UriKind.Relative), form, TestServer.Token);
        using var document = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestServer.Token));
        return (answer.StatusCode, document.RootElement.Clone());
    }
}
