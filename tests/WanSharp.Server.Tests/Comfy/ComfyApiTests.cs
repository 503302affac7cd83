using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text.Json;
using WanSharp.Hosting.Batches;
using WanSharp.Testing;
using WanSharp.Testing.Comfy;

namespace WanSharp.Server.Tests.Comfy;

public sealed class ComfyApiTests : IAsyncLifetime
{
    private TestServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    /// <summary>As ComfyUI's websockets_api_example.py does: send, listen until nothing executes, read the history.</summary>
    [Fact]
    public async Task Prompt_ByTheWebsocketExample_GivesTheClipOfItsGraph()
    {
        using var socket = await OpenAsync("me");
        // Steps enough that it is at work when the socket hears of it.
        var id = await SendAsync(TestGraphs.TextToVideo.Replace("\"steps\": 2", "\"steps\": 100", StringComparison.Ordinal), client: "me");

        var messages = await UntilDoneAsync(socket, id);

        var types = messages.Select(message => message.GetProperty("type").GetString()).ToList();
        Assert.Equal(
            ["execution_start", "execution_cached", "executing", "progress", "executed", "execution_success"],
            types.Where(type => type is not ("status" or "progress_state")).Distinct()
        );
        Assert.Contains(
            messages,
            message => IsOf(message, "progress") && message.GetProperty("data").GetProperty("node").GetString() == "3"
        );
        var (_, history) = await _server.GetAsync($"/history/{id}");
        var entry = history.GetProperty(id);
        Assert.Equal("success", entry.GetProperty("status").GetProperty("status_str").GetString());
        var file = entry.GetProperty("outputs").GetProperty("28").GetProperty("images")[0];
        var view =
            $"/view?filename={file.GetProperty("filename")}&subfolder={file.GetProperty("subfolder")}&type={file.GetProperty("type")}";
        var clip = await _server.Client.GetByteArrayAsync(new Uri(view, UriKind.Relative), TestServer.Token);
        Assert.Equal("RIFF"u8.ToArray(), clip[..4]);
        using var request = new HttpRequestMessage(HttpMethod.Get, view) { Headers = { Range = new RangeHeaderValue(8, 11) } };
        using var part = await _server.Client.SendAsync(request, TestServer.Token);
        Assert.Equal(HttpStatusCode.PartialContent, part.StatusCode);
        Assert.Equal("WEBP"u8.ToArray(), await part.Content.ReadAsByteArrayAsync(TestServer.Token));
    }

    [Theory]
    [InlineData(TestGraphs.TextToVideo, 82)]
    [InlineData(TestGraphs.Wrapper, 1)]
    public async Task Prompt_OfAPlainGraph_IsTheVideoWithItsSettings(string graph, int seed)
    {
        var id = await SendAsync(graph);

        var (_, video) = await _server.GetAsync($"/v1/videos/{VideoOf(id)}");
        Assert.Equal("a fox", video.GetProperty("prompt").GetString());
        Assert.Equal(("32x16", 5, 2, 16), (Text("size"), Number("num_frames"), Number("num_inference_steps"), Number("fps")));
        Assert.Equal(seed, Number("seed"));

        string? Text(string name) => video.GetProperty(name).GetString();
        int Number(string name) => video.GetProperty(name).GetInt32();
    }

    [Theory]
    [InlineData("3", "KSampler", """{"3": {"denoise": 0.5}}""", "denoise")]
    [InlineData("3", "KSampler", """{"3": {"sampler_name": "heun"}}""", "heun")]
    [InlineData("3", "KSampler", """{"3": {"steps": null}}""", "steps")]
    [InlineData("3", "KSampler", """{"3": {"model": ["8", 0]}}""", "mismatch")]
    [InlineData("3", "KSampler", """{"3": {"steps": 100000}}""", "steps")]
    [InlineData("3", "KSampler", """{"3": {"tonemap": 1}}""", "tonemap")]
    [InlineData("37", "UNETLoader", """{"37": {"unet_name": "wan2.1_t2v_14B_fp16.safetensors"}}""", "'tiny'")]
    [InlineData("38", "CLIPLoader", """{"38": {"type": "sd3"}}""", "sd3")]
    [InlineData("39", "VAELoader", """{"39": {"vae_name": "ae.safetensors"}}""", "ae.safetensors")]
    [InlineData("40", "EmptyHunyuanLatentVideo", """{"40": {"batch_size": 2}}""", "batch_size")]
    [InlineData("40", "EmptyHunyuanLatentVideo", """{"40": {"width": 40}}""", "40x16")]
    [InlineData("6", "CLIPTextEncode", """{"6": {"text": "a (red:1.4) fox"}}""", "weighs")]
    [InlineData("6", "CLIPTextEncode", """{"6": {"text": "a fox <lora:x:1>"}}""", "LoRA")]
    [InlineData("60", "ColorMatch", """{"60": {"class_type": "ColorMatch", "inputs": {}}}""", "ColorMatch")]
    [InlineData(
        "60",
        "ConditioningZeroOut",
        """
            {"60": {"class_type": "ConditioningZeroOut", "inputs": {"conditioning": ["6", 0]}}, "3": {"negative": ["60", 0]}}
            """,
        "cfg"
    )]
    [InlineData(
        "60",
        "LoraLoaderModelOnly",
        """
            {"60": {"class_type": "LoraLoaderModelOnly",
                    "inputs": {"model": ["37", 0], "lora_name": "../x.safetensors", "strength_model": 1}},
             "48": {"model": ["60", 0]}}
            """,
        "lora_name"
    )]
    public async Task Prompt_OfWhatIsNotUnderstood_NamesTheNode(string node, string type, string change, string details)
    {
        var (status, answer) = await _server.PostAsync("/prompt", $$"""{"prompt": {{Workflows.Edit(TestGraphs.TextToVideo, change)}}}""");

        Assert.True(status == HttpStatusCode.BadRequest, answer.ToString());
        var errors = answer.GetProperty("node_errors").GetProperty(node);
        Assert.Equal(type, errors.GetProperty("class_type").GetString());
        Assert.Contains(details, errors.GetProperty("errors")[0].GetProperty("details").GetString(), StringComparison.Ordinal);
        var (_, queue) = await _server.GetAsync("/queue");
        Assert.Equal(0, queue.GetProperty("queue_pending").GetArrayLength() + queue.GetProperty("queue_running").GetArrayLength());
    }

    [Theory]
    [InlineData("""{"prompt": []}""", "no_prompt")]
    [InlineData("""{"prompt": {"1": {"inputs": {}}}}""", "invalid_prompt")]
    [InlineData("""{"prompt": {"1": {"class_type": "UNETLoader", "inputs": {}}}}""", "prompt_no_outputs")]
    public async Task Prompt_ThatIsNone_SaysSo(string body, string type)
    {
        var (status, answer) = await _server.PostAsync("/api/prompt", body);

        Assert.Equal((HttpStatusCode.BadRequest, type), (status, answer.GetProperty("error").GetProperty("type").GetString()));
    }

    [Fact]
    public async Task Queue_ThatIsCleared_HasNonePending()
    {
        await _server.PostAsync("/v1/queue/pause", "{}");
        string[] ids = [await SendAsync(TestGraphs.TextToVideo), await SendAsync(TestGraphs.TextToVideo)];

        var (_, queue) = await _server.GetAsync("/queue");
        Assert.Equal(ids, queue.GetProperty("queue_pending").EnumerateArray().Select(item => item[1].GetString()));
        Assert.All(queue.GetProperty("queue_pending").EnumerateArray(), item => Assert.NotEqual("{}", item[2].GetRawText()));
        using var cleared = await PostAsync("/queue", """{"clear": true}""");
        (_, queue) = await _server.GetAsync("/queue");

        Assert.Equal(HttpStatusCode.OK, cleared.StatusCode);
        Assert.Equal("""{"queue_running":[],"queue_pending":[]}""", queue.GetRawText());
    }

    [Fact]
    public async Task Queue_OfAPromptThatWaits_ShowsItUntilItIsTakenOut()
    {
        await _server.PostAsync("/v1/queue/pause", "{}");
        var id = await SendAsync(TestGraphs.TextToVideo);

        var (_, queue) = await _server.GetAsync("/queue");
        Assert.Equal(id, queue.GetProperty("queue_pending")[0][1].GetString());
        var (_, job) = await _server.GetAsync($"/api/jobs/{id}");
        Assert.Equal("pending", job.GetProperty("status").GetString());
        using var deleted = await PostAsync("/queue", $$"""{"delete": ["{{id}}"]}""");
        Assert.Equal(HttpStatusCode.OK, deleted.StatusCode);
        (_, queue) = await _server.GetAsync("/queue");
        Assert.Equal(0, queue.GetProperty("queue_pending").GetArrayLength());
        var (_, history) = await _server.GetAsync($"/history/{id}");
        Assert.Equal("{}", history.GetRawText());
    }

    /// <summary>Our own client of ComfyUI, which <c>wan batch --backend comfy:</c> uses, has its clips made by this server.</summary>
    [Fact]
    public async Task OurOwnBackend_OverThisServer_GetsTheClipsOfItsJobs()
    {
        using var folder = new TemporaryFolder();
        folder.Write("workflow.json", TestGraphs.TextToVideo);
        var comfy = ComfySettings.Read($"comfy:{_server.Client.BaseAddress}", folder["workflow.json"], mapping: null, ComfyAccess.None);
        await using var front = await TestServer.StartAsync(options => options with { Backend = options.Backend with { Comfy = comfy } });

        var id = await front.CreateAsync("a crane", ",\"seed\":5");

        var video = await front.EndAsync(id);
        Assert.True(video.GetProperty("status").GetString() == "completed", video.ToString());
        var (_, made) = await _server.GetAsync("/v1/videos");
        var source = Assert.Single(made.GetProperty("data").EnumerateArray());
        Assert.Equal(("a crane", 5), (source.GetProperty("prompt").GetString(), source.GetProperty("seed").GetInt32()));
        Assert.Equal(source.GetProperty("sha256").GetString(), video.GetProperty("sha256").GetString());
    }

    [Fact]
    public async Task ObjectInfo_OfTheLoader_NamesTheModelThatIsServed()
    {
        var (_, info) = await _server.GetAsync("/object_info/UNETLoader");

        var names = info.GetProperty("UNETLoader").GetProperty("input").GetProperty("required").GetProperty("unet_name")[0];
        Assert.Equal("tiny", names[0].GetString());
        var (_, all) = await _server.GetAsync("/api/object_info");
        Assert.True(all.EnumerateObject().Count() > 30);
    }

    /// <summary>Whoever collects outputs from the messages would have each twice.</summary>
    [Fact]
    public async Task Socket_ThatIsReadLate_TellsOfEachPromptOnce()
    {
        using var socket = await OpenAsync("late");
        var ids = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            ids.Add(await SendAsync(TestGraphs.TextToVideo.Replace("\"seed\": 82", $"\"seed\": {i}", StringComparison.Ordinal), "late"));
            await _server.EndAsync(VideoOf(ids[i]));
        }

        var messages = new List<JsonElement>();
        foreach (var id in ids)
        {
            messages.AddRange(await UntilDoneAsync(socket, id));
        }

        Assert.All(
            (string[])["execution_start", "executed", "execution_success"],
            type => Assert.Equal(ids, messages.Where(message => IsOf(message, type)).Select(PromptOf))
        );

        static string PromptOf(JsonElement message) => message.GetProperty("data").GetProperty("prompt_id").GetString()!;
    }

    [Fact]
    public async Task Prompt_OfAWideGraph_IsAnsweredThoughEachSaverDependsOnAll()
    {
        var chain = Enumerable
            .Range(0, 490)
            .Select(i => $$"""  "c{{i}}": {"class_type": "ModelSamplingSD3", "inputs": {"shift": 8, "model": ["c{{i + 1}}", 0]} }""");
        var savers = Enumerable.Range(0, 490).Select(i => $$"""  "s{{i}}": {"class_type": "SaveVideo", "inputs": {"video": ["c0", 0]} }""");

        var (status, answer) = await _server.PostAsync("/prompt", $$"""{"prompt": { {{string.Join(',', chain.Concat(savers))}} } }""");

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.NotEmpty(answer.GetProperty("node_errors").EnumerateObject());
    }

    [Fact]
    public async Task Socket_OfAnotherPage_IsRefused()
    {
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Origin", "https://example.com");

        await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(Address("x"), TestServer.Token));
    }

    [Theory]
    [InlineData("/view?filename=../../keys.json")]
    [InlineData("/view?filename=server.lock&type=temp")]
    [InlineData("/view?filename=..%2F..%2Fetc%2Fpasswd&type=input")]
    [InlineData("/view?filename=video_00000000000000000000000000000000.webp&subfolder=..")]
    public async Task View_OfAPath_FindsNothing(string address)
    {
        using var answer = await _server.Client.GetAsync(new Uri(address, UriKind.Relative), TestServer.Token);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    private static bool IsOf(JsonElement message, string type) => message.GetProperty("type").GetString() == type;

    private static string VideoOf(string prompt) => "video_" + prompt.Replace("-", "", StringComparison.Ordinal);

    private Uri Address(string client) =>
        new UriBuilder(_server.Client.BaseAddress!)
        {
            Scheme = "ws",
            Path = "/ws",
            Query = $"clientId={client}",
        }.Uri;

    private async Task<ClientWebSocket> OpenAsync(string client)
    {
        var socket = new ClientWebSocket();
        await socket.ConnectAsync(Address(client), TestServer.Token);
        return socket;
    }

    private Task<HttpResponseMessage> PostAsync(string path, string json) =>
        _server.Client.PostAsync(new Uri(path, UriKind.Relative), new StringContent(json), TestServer.Token);

    private async Task<string> SendAsync(string graph, string? client = null)
    {
        var (status, answer) = await _server.PostAsync(
            "/prompt",
            $$"""{"prompt": {{graph}}{{(client is null ? "" : $", \"client_id\": \"{client}\"")}}}"""
        );
        Assert.True(status == HttpStatusCode.OK, answer.ToString());
        return answer.GetProperty("prompt_id").GetString()!;
    }

    /// <summary>The messages up to the one that says that nothing executes any more; pictures are left out.</summary>
    private static async Task<List<JsonElement>> UntilDoneAsync(ClientWebSocket socket, string id)
    {
        var messages = new List<JsonElement>();
        var buffer = new byte[1 << 20];
        while (true)
        {
            var length = 0;
            ValueWebSocketReceiveResult got;
            do
            {
                got = await socket.ReceiveAsync(buffer.AsMemory(length), TestServer.Token);
                length += got.Count;
            } while (!got.EndOfMessage);
            Assert.NotEqual(WebSocketMessageType.Close, got.MessageType);
            if (got.MessageType == WebSocketMessageType.Binary)
            {
                continue;
            }

            using var document = JsonDocument.Parse(buffer.AsMemory(0, length));
            var message = document.RootElement.Clone();
            messages.Add(message);
            if (
                IsOf(message, "executing")
                && message.GetProperty("data").GetProperty("node").ValueKind == JsonValueKind.Null
                && message.GetProperty("data").GetProperty("prompt_id").GetString() == id
            )
            {
                return messages;
            }
        }
    }
}
