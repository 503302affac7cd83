using System.Text.Json;
using WanSharp.Server.Tests.Comfy;
using WanSharp.Testing;

namespace WanSharp.Server.Tests.Clients;

/// <summary>Clients from npm, unmodified.</summary>
public sealed class NodeClientTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private TestServer _server = null!;

    private string Base => _server.Client.BaseAddress!.ToString().TrimEnd('/');

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.StartAsync();
        await File.WriteAllTextAsync(_folder["graph.json"], TestGraphs.TextToVideo, TestServer.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task OpenAi_CreatesDownloadsListsRemixesAndDeletes()
    {
        var seen = await NodeProgram.RunAsync("openai_videos.mjs", "openai", Base);

        Assert.Contains(Text(seen.GetProperty("created"), "status"), (string[])["queued", "in_progress"]);
        Assert.Equal("completed", Text(seen.GetProperty("completed"), "status"));
        Assert.Equal(("image/webp", "RIFF", "image/webp"), (Text(seen, "type"), Text(seen, "magic"), Text(seen, "thumbnail")));
        var remixed = seen.GetProperty("remixed");
        Assert.Equal(("a blue square", "completed"), (Text(remixed, "prompt"), Text(remixed, "status")));
        Assert.Equal(Text(seen.GetProperty("created"), "id"), Text(remixed, "remixed_from_video_id"));
        Assert.Equal(2, seen.GetProperty("listed").GetArrayLength());
        Assert.Equal(2, seen.GetProperty("deleted").GetArrayLength()); // while the list is gone through
        Assert.All(seen.GetProperty("deleted").EnumerateArray(), video => Assert.True(video.GetProperty("deleted").GetBoolean()));
        var refused = seen.GetProperty("refused");
        Assert.Equal(
            ("BadRequestError", 400, "steps"),
            (Text(refused, "type"), refused.GetProperty("status").GetInt32(), Text(refused, "param"))
        );
        Assert.Equal("tiny", seen.GetProperty("models")[0].GetString());
    }

    [Fact]
    public async Task ComfyUiSdk_RunsAGraphAndFindsItsClip()
    {
        var seen = await NodeProgram.RunAsync("comfy_saintno.mjs", "@saintno/comfyui-sdk", Base, _folder["graph.json"]);

        Assert.Equal("RIFF", Text(seen, "magic"));
        var (_, list) = await _server.GetAsync("/v1/videos");
        Assert.Equal("a red fox", Text(list.GetProperty("data")[0], "prompt"));
    }

    [Fact]
    public async Task ComfyUiClient_RunsAGraph()
    {
        var seen = await NodeProgram.RunAsync("comfy_stable.mjs", "@stable-canvas/comfyui-client", Base, _folder["graph.json"]);

        Assert.True(Guid.TryParse(Text(seen, "id"), out _));
        Assert.True(seen.GetProperty("images").GetInt32() > 0);
    }

    private static string? Text(JsonElement body, string name) => body.GetProperty(name).GetString();
}
