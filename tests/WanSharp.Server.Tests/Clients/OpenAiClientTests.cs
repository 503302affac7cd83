using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text.Json;
using OpenAI.Videos;

namespace WanSharp.Server.Tests.Clients;

#pragma warning disable OPENAI001 // the client marks all of its videos as an experiment

/// <summary>The official client for .NET, unmodified.</summary>
public sealed class OpenAiClientTests : IAsyncLifetime
{
    private TestServer _server = null!;
    private VideoClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.StartAsync();
        _client = new VideoClient(
            new ApiKeyCredential("none"),
            new VideoClientOptions { Endpoint = new Uri(_server.Client.BaseAddress!, "v1"), RetryPolicy = new ClientRetryPolicy(0) }
        );
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Client_CreatesPollsDownloadsRemixesListsAndDeletes()
    {
        const string Body = """{"prompt":"a red circle","num_frames":5,"steps":2}""";
        var created = Read(await _client.CreateVideoAsync(BinaryContent.Create(BinaryData.FromString(Body)), "application/json"));
        var video = await DoneAsync(created);
        Assert.Equal("completed", Text(video, "status"));

        var clip = await _client.DownloadVideoAsync(Text(video, "id"));
        Assert.Equal("RIFF"u8.ToArray(), clip.GetRawResponse().Content.ToArray()[..4]);

        using var form = new MultipartFormDataContent { { new StringContent("a blue square"), "prompt" } };
        using var stream = new MemoryStream();
        await form.CopyToAsync(stream, TestServer.Token);
        stream.Position = 0;
        var remix = await _client.CreateVideoRemixAsync(
            Text(video, "id"),
            BinaryContent.Create(stream),
            form.Headers.ContentType!.ToString()
        );
        var remixed = await DoneAsync(Read(remix));
        Assert.Equal(("a blue square", "completed"), (Text(remixed, "prompt"), Text(remixed, "status")));

        var ids = new List<string?>();
        await foreach (var page in _client.GetVideosAsync(10, "asc", null, null).GetRawPagesAsync())
        {
            ids.AddRange(Read(page).GetProperty("data").EnumerateArray().Select(one => Text(one, "id")));
        }

        Assert.Equal([Text(video, "id"), Text(remixed, "id")], ids);
        Assert.True(Read(await _client.DeleteVideoAsync(Text(video, "id"))).GetProperty("deleted").GetBoolean());
        var gone = await Assert.ThrowsAsync<ClientResultException>(() => _client.GetVideoAsync(Text(video, "id")));
        Assert.Equal(404, gone.Status);
    }

    private async Task<JsonElement> DoneAsync(JsonElement video)
    {
        while (Text(video, "status") is "queued" or "in_progress")
        {
            await Task.Delay(20, TestServer.Token);
            video = Read(await _client.GetVideoAsync(Text(video, "id")));
        }

        return video;
    }

    private static JsonElement Read(ClientResult result)
    {
        using var document = JsonDocument.Parse(result.GetRawResponse().Content);
        return document.RootElement.Clone();
    }

    private static string Text(JsonElement body, string name) => body.GetProperty(name).GetString()!;
}
