using System.IO.Pipelines;
using System.Text.Json;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace WanSharp.Server.Tests;

/// <summary>The tools, by the SDK's own client, over HTTP and over streams.</summary>
public sealed class McpTests : IAsyncLifetime
{
    private TestServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Tools_OverBothTransports_MakeWaitShowAndCompare(bool overStreams)
    {
        await using var agent = await OpenAsync(overStreams);
        var tools = await agent.ListToolsAsync(cancellationToken: TestServer.Token);
        Assert.Equal(
            ["cancel", "compare", "generate", "get", "list", "models", "plan", "wait"],
            tools.Select(tool => tool.Name).Order(StringComparer.Ordinal)
        );

        var plan = await CallAsync(agent, "plan", new() { ["prompt"] = "a fox", ["steps"] = 3 });
        Assert.Equal(3, plan.GetProperty("settings").GetProperty("steps").GetInt32());
        var video = await CallAsync(
            agent,
            "generate",
            new()
            {
                ["prompt"] = "a fox",
                ["frames"] = 5,
                ["steps"] = 2,
                ["seed"] = 7,
                ["wait"] = true,
            }
        );
        Assert.Equal("completed", video.GetProperty("status").GetString());
        Assert.Equal(overStreams, video.TryGetProperty("file", out var file) && File.Exists(file.GetString()));
        var other = await CallAsync(
            agent,
            "generate",
            new()
            {
                ["prompt"] = "a fox",
                ["frames"] = 5,
                ["steps"] = 2,
                ["seed"] = 7,
            }
        );
        var waited = await CallAsync(agent, "wait", new() { ["id"] = other.GetProperty("id").GetString() });
        Assert.Equal("completed", waited.GetProperty("status").GetString());
        var compared = await CallAsync(agent, "compare", new() { ["id"] = Id(video), ["reference"] = Id(other) });
        Assert.True(compared.GetProperty("are_equal").GetBoolean());
        var list = await CallAsync(agent, "list", new() { ["limit"] = 1 });
        Assert.True(list.GetProperty("has_more").GetBoolean());
        Assert.Equal(Id(other), Id(list.GetProperty("videos")[0]));
        Assert.Equal("tiny", (await CallAsync(agent, "models", [])).GetProperty("models")[0].GetString());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Wait_WithAProgressToken_TellsHowFarItIs(bool overStreams)
    {
        await using var agent = await OpenAsync(overStreams);
        var told = new System.Collections.Concurrent.ConcurrentQueue<double>();
        await _server.PostAsync("/v1/queue/pause", "{}");

        var calling = agent.CallToolAsync(
            "generate",
            new Dictionary<string, object?>
            {
                ["prompt"] = "a fox",
                ["frames"] = 5,
                ["steps"] = 4,
                ["wait"] = true,
            },
            new Told(told),
            cancellationToken: TestServer.Token
        );
        while (told.IsEmpty && !calling.IsCompleted)
        {
            await Task.Delay(10, TestServer.Token);
        }

        await _server.PostAsync("/v1/queue/resume", "{}");
        var result = await calling;

        Assert.NotEqual(true, result.IsError);
        Assert.NotEmpty(told);
        Assert.All(told, percent => Assert.InRange(percent, 0, 100));
    }

    [Theory]
    [InlineData("generate", """{"prompt": "a", "guidence": 4}""", "Did you mean guidance?")]
    [InlineData("generate", """{"prompt": "a", "size": "31x17"}""", "does not fit")]
    [InlineData("generate", """{"prompt": "a", "lora": "../x"}""", "is a path")]
    [InlineData("get", """{"id": "video_1"}""", "There is no video")]
    [InlineData("list", """{"status": "lost"}""", "in_progress")]
    [InlineData("wait", """{}""", "missing")]
    public async Task Tool_OfWhatIsNotUnderstood_SaysTheWayOut(string tool, string arguments, string message)
    {
        await using var agent = await OpenAsync(overStreams: false);

        var result = await agent.CallToolAsync(
            tool,
            JsonSerializer.Deserialize<Dictionary<string, object?>>(arguments)!,
            cancellationToken: TestServer.Token
        );

        Assert.True(result.IsError);
        Assert.Contains(message, TextOf(result), StringComparison.Ordinal);
    }

    private static string Id(JsonElement video) => video.GetProperty("id").GetString()!;

    private static string TextOf(CallToolResult result) => Assert.IsType<TextContentBlock>(Assert.Single(result.Content)).Text;

    private static async Task<JsonElement> CallAsync(McpClient agent, string tool, Dictionary<string, object?> arguments)
    {
        var result = await agent.CallToolAsync(tool, arguments, cancellationToken: TestServer.Token);
        Assert.True(result.IsError != true, TextOf(result));
        using var document = JsonDocument.Parse(TextOf(result));
        return document.RootElement.Clone();
    }

    private Task<McpClient> OpenAsync(bool overStreams)
    {
        if (!overStreams)
        {
            var http = new HttpClientTransport(new HttpClientTransportOptions { Endpoint = new Uri(_server.Client.BaseAddress!, "mcp") });
            return McpClient.CreateAsync(http, cancellationToken: TestServer.Token);
        }

        var (toServer, toAgent) = (new Pipe(), new Pipe());
        _ = _server.ServeAgentAsync(toServer.Reader.AsStream(), toAgent.Writer.AsStream());
        var streams = new StreamClientTransport(toServer.Writer.AsStream(), toAgent.Reader.AsStream());
        return McpClient.CreateAsync(streams, cancellationToken: TestServer.Token);
    }

    private sealed class Told(System.Collections.Concurrent.ConcurrentQueue<double> values) : IProgress<ProgressNotificationValue>
    {
        public void Report(ProgressNotificationValue value) => values.Enqueue(value.Progress);
    }
}
