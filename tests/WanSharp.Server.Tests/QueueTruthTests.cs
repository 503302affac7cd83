using System.Net;
using System.Text.Json;
using WanSharp.Jobs;
using WanSharp.Server.Work;
using WanSharp.Testing;

namespace WanSharp.Server.Tests;

/// <summary>What the server says of its queue is what happens.</summary>
public sealed class QueueTruthTests : IAsyncLifetime
{
    private TestServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public void PollAfter_OfAJobThatWaits_GrowsWithThoseBeforeIt()
    {
        var clock = new ManualClock();
        var board = new ProgressBoard(clock);
        board.Start(1);
        clock.Advance(seconds: 8);
        board.End(1);
        board.Start(2);

        Assert.Equal(TimeSpan.FromSeconds(1), board.PollAfter(Waiting(3)));
        Assert.Equal(TimeSpan.FromSeconds(20), board.PollAfter(Waiting(13))); // a quarter of ten clips of 8 seconds
        Assert.Equal(TimeSpan.FromSeconds(60), board.PollAfter(Waiting(1000)));
        Assert.Equal(TimeSpan.FromSeconds(1), board.PollAfter(Waiting(1000) with { Priority = 1 }));
        Assert.Equal(TimeSpan.FromSeconds(1), board.PollAfter(Waiting(1000) with { Place = 1 }));
    }

    [Fact]
    public void AVideo_ThatFailed_SaysWhyWithoutTheServersFolders()
    {
        var failed = Waiting(1) with { State = JobState.Failed, Error = "/home/anna/videos/video_1.mp4 already exists." };

        var shown = new VideoObjects(
            new ServerOptions
            {
                DataFolder = "d",
                Backend = new()
                {
                    Engine = new() { Model = "m", Provider = "cpu" },
                },
            },
            new ProgressBoard(new ManualClock())
        );

        Assert.Equal("video_1.mp4 already exists.", shown.From(failed).Error!.Message);
    }

    [Fact]
    public async Task Remix_OfAStyledVideo_FramesItsNewPrompt()
    {
        var id = await _server.CreateAsync("a fox", ",\"style\":\"ink\"");

        var (status, remix) = await _server.PostAsync($"/v1/videos/{id}/remix", """{"prompt":"a crane"}""");

        Assert.True(status == HttpStatusCode.OK, remix.ToString());
        Assert.Equal(("a crane", "ink"), (Text(remix, "prompt"), Text(remix, "style")));
        var (made, styled, plain) = (
            await ShaAsync(Text(remix, "id")!),
            await ShaAsync(await _server.CreateAsync("a crane", ",\"style\":\"ink\"")),
            await ShaAsync(await _server.CreateAsync("a crane"))
        );
        Assert.Equal(styled, made);
        Assert.NotEqual(plain, made);

        async Task<string?> ShaAsync(string video) => Text(await _server.EndAsync(video), "sha256");
    }

    [Fact]
    public async Task Events_OfAVideo_SayThatItWaitsBeforeTheySayThatItIsMade()
    {
        using var answer = await _server.Client.GetAsync(
            new Uri("/v1/events", UriKind.Relative),
            HttpCompletionOption.ResponseHeadersRead,
            TestServer.Token
        );
        using var events = new StreamReader(await answer.Content.ReadAsStreamAsync(TestServer.Token));
        var ids = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => _server.CreateAsync($"clip {i}")));

        var told = ids.ToDictionary(id => id, _ => new List<string>());
        while (told.Values.Any(types => types.Count == 0 || types[^1] != "video.completed"))
        {
            var line = await events.ReadLineAsync(TestServer.Token);
            if (line?.StartsWith("data: ", StringComparison.Ordinal) == true)
            {
                using var body = JsonDocument.Parse(line["data: ".Length..]);
                if (Text(body.RootElement, "type") is "video.queued" or "video.in_progress" or "video.completed")
                {
                    told[Text(body.RootElement.GetProperty("data"), "id")!].Add(Text(body.RootElement, "type")!);
                }
            }
        }

        Assert.All(told.Values, types => Assert.Equal(types.OrderBy(Rank), types));

        static int Rank(string type) => Array.IndexOf(["video.queued", "video.in_progress", "video.completed"], type);
    }

    [Fact]
    public async Task Prompt_ThatIsPutInFront_IsMadeFirst()
    {
        await _server.PostAsync("/v1/queue/pause", "{}");
        var first = await PromptAsync(1, front: false);
        var front = await PromptAsync(2, front: true);
        var newest = await PromptAsync(3, front: true);

        var (_, list) = await _server.GetAsync("/v1/videos?status=queued&order=next");

        Assert.Equal([newest, front, first], list.GetProperty("data").EnumerateArray().Select(one => Text(one, "id")));
    }

    /// <summary>What sends it work may send none while it is not ready: it has to find out by itself that it is again.</summary>
    [Fact]
    public async Task Ready_OfAServerWhoseModelCameBack_IsSaidWithoutNewWork()
    {
        await _server.PostAsync("/v1/queue/pause", "{}");
        var id = await _server.CreateAsync("a");
        var weights = Path.Combine(Path.GetDirectoryName(_server.Data)!, "tiny", "transformer.safetensors");
        await _server.StopAsync();
        File.Move(weights, weights + ".away");
        await _server.RestartAsync();
        await UntilAsync(HttpStatusCode.ServiceUnavailable);
        await _server.DeleteAsync($"/v1/videos/{id}");

        File.Move(weights + ".away", weights);

        await UntilAsync(HttpStatusCode.OK);
    }

    private static Job Waiting(long id) =>
        new()
        {
            Id = id,
            Output = $"{id}.mp4",
            Request = new JobRequest { Prompt = "a" },
            State = JobState.Queued,
        };

    private async Task<string> PromptAsync(int seed, bool front)
    {
        var graph = Comfy.TestGraphs.TextToVideo.Replace("\"seed\": 82", $"\"seed\": {seed}", StringComparison.Ordinal);
        var (status, answer) = await _server.PostAsync("/prompt", $$"""{"prompt": {{graph}}, "front": {{(front ? "true" : "false")}}}""");
        Assert.True(status == HttpStatusCode.OK, answer.ToString());
        return "video_" + Text(answer, "prompt_id")!.Replace("-", "", StringComparison.Ordinal);
    }

    private async Task UntilAsync(HttpStatusCode wanted)
    {
        while ((await _server.GetAsync("/readyz")).Status != wanted)
        {
            await Task.Delay(50, TestServer.Token);
        }
    }

    private static string? Text(JsonElement body, string name) => body.GetProperty(name).GetString();
}
