using System.Text.Json;
using WanSharp.Jobs;
using WanSharp.Jobs.Running;
using WanSharp.Jobs.Storage;
using WanSharp.Server.Events;
using WanSharp.Server.Telemetry;
using WanSharp.Server.Work;
using WanSharp.Testing;

namespace WanSharp.Server.Tests;

/// <summary>Each event is told once, and nothing follows a video's last.</summary>
public sealed class EventTruthTests : IAsyncLifetime
{
    private TestServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Actions_ThatChangeNothingOfAVideo_TellNothingOfIt()
    {
        using var events = await ListenAsync();
        var (_, batch) = await _server.PostAsync("/v1/videos/batches", """{"prompts":"a\nb","frames":5,"steps":1}""");
        var (_, list) = await _server.GetAsync($"/v1/videos?batch={batch.GetProperty("id").GetString()}");
        await UntilAllAsync(events, [.. list.GetProperty("data").EnumerateArray().Select(Completed)]);

        await _server.PostAsync($"/v1/videos/batches/{batch.GetProperty("id").GetString()}/pause", "{}");
        await _server.PostAsync($"/v1/videos/{list.GetProperty("first_id").GetString()}/cancel", "{}");
        var sentinel = await _server.CreateAsync("c");

        Assert.All(await UntilAsync(events, "video.completed", sentinel), one => Assert.Equal(sentinel, one.Video));
    }

    [Fact]
    public async Task ADeletedVideo_IsToldOfNoMore()
    {
        using var events = await ListenAsync();
        var (_, slow) = await _server.PostAsync("/v1/videos", """{"prompt":"a","num_frames":17,"steps":400}""");
        var id = slow.GetProperty("id").GetString()!;
        await UntilAsync(events, "video.in_progress", id);

        await _server.DeleteAsync($"/v1/videos/{id}");
        var sentinel = await _server.CreateAsync("b");

        var told = await UntilAsync(events, "video.completed", sentinel);
        Assert.Equal("video.deleted", told.Last(one => one.Video == id).Type);
    }

    [Fact]
    public void AnEnd_ThatIsToldLate_IsFollowedByWhatTheVideoIsByThen()
    {
        using var folder = new TemporaryFolder();
        using var store = JobStore.Open(JobFolder.Create(folder["out"]), TimeProvider.System);
        store.Enqueue([
            new NewJob
            {
                Output = VideoId.New() + ".webp",
                Request = new JobRequest { Prompt = "a" },
                Prepared = new PreparedJob
                {
                    ExecutionGroup = "",
                    FeatureGroup = "",
                    ResultKey = null,
                    Settings = "{}",
                    Steps = 1,
                },
            },
        ]);
        store.Cancel([1]);
        var cancelled = store.Find(1)!;
        store.Retry([1]);
        var (hub, board) = (new EventHub(), new ProgressBoard(TimeProvider.System));
        using var metrics = new ServerMetrics(store, hub);
        var options = new ServerOptions
        {
            DataFolder = folder["out"],
            Backend = new()
            {
                Engine = new() { Model = "m", Provider = "cpu" },
            },
        };
        var events = new JobEvents(store, new VideoObjects(options, board), board, hub, metrics, TimeProvider.System);
        using var heard = hub.Subscribe(after: null);

        events.Report(new JobEvent(JobEventKind.Cancelled, cancelled));

        Assert.True(heard.Reader.TryRead(out var end));
        Assert.True(heard.Reader.TryRead(out var now));
        Assert.Equal((EventTypes.Failed, EventTypes.Queued), (end.Type, now.Type));

        store.Remove([1]); // meanwhile somebody deleted it
        events.Report(new JobEvent(JobEventKind.Failed, cancelled));
        events.Report(new JobEvent(JobEventKind.Started, cancelled));
        events.Tell(1);

        Assert.False(heard.Reader.TryRead(out _));
    }

    private async Task<StreamReader> ListenAsync()
    {
        var answer = await _server.Client.GetAsync(
            new Uri("/v1/events", UriKind.Relative),
            HttpCompletionOption.ResponseHeadersRead,
            TestServer.Token
        );
        return new StreamReader(await answer.Content.ReadAsStreamAsync(TestServer.Token));
    }

    private static (string Type, string? Video) Completed(JsonElement video) => ("video.completed", video.GetProperty("id").GetString());

    /// <summary>Reads events up to one of a type and video.</summary>
    private static Task<List<(string Type, string? Video)>> UntilAsync(StreamReader events, string type, string video) =>
        UntilAllAsync(events, [(type, video)]);

    /// <summary>Reads events until each that is wanted was told, in whatever order.</summary>
    private static async Task<List<(string Type, string? Video)>> UntilAllAsync(
        StreamReader events,
        HashSet<(string Type, string? Video)> wanted
    )
    {
        var told = new List<(string Type, string? Video)>();
        while (!wanted.IsSubsetOf(told))
        {
            var line = await events.ReadLineAsync(TestServer.Token);
            if (line?.StartsWith("data: ", StringComparison.Ordinal) == true)
            {
                using var body = JsonDocument.Parse(line["data: ".Length..]);
                told.Add(
                    (
                        body.RootElement.GetProperty("type").GetString()!,
                        body.RootElement.TryGetProperty("data", out var data) ? data.GetProperty("id").GetString() : null
                    )
                );
            }
        }

        return told;
    }
}
