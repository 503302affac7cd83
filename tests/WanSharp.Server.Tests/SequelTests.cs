using System.Net;
using System.Text.Json;
using WanSharp.Media.Clips;
using WanSharp.Media.Images;
using WanSharp.Server.Security;
using WanSharp.Testing;

namespace WanSharp.Server.Tests;

/// <summary>Videos that are made of others.</summary>
public sealed class SequelTests : IAsyncLifetime
{
    private static readonly byte[] Picture = PictureBytes.Webp(new RgbImage(32, 16, new byte[3 * 32 * 16]), quality: 90);

    private TestServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task AnExtension_OfAVideoThatIsDeleted_ShowsThatFirstAndGoesOn()
    {
        var source = await _server.CreateAsync("a red circle");
        await _server.EndAsync(source);
        var before = await FramesAsync(source);
        await _server.PostAsync("/v1/queue/pause", "{}");

        var (status, video) = await _server.PostAsync(
            "/v1/videos/extensions",
            $$"""{"video":{"id":"{{source}}"},"prompt":"it stops | it turns","seconds":"1","steps":1,"seed":5}"""
        );

        Assert.True(status == HttpStatusCode.OK, video.ToString());
        await _server.DeleteAsync($"/v1/videos/{source}");
        await _server.RestartAsync();
        await _server.PostAsync("/v1/queue/resume", "{}");
        var made = await _server.EndAsync(video.GetProperty("id").GetString()!);
        Assert.True(made.GetProperty("status").GetString() == "completed", made.ToString());
        Assert.Equal(source, made.GetProperty("source_video_id").GetString());
        Assert.Equal(
            (13, "1.625", "32x16"),
            (Number(made, "num_frames"), made.GetProperty("seconds").GetString(), made.GetProperty("size").GetString())
        );
        var after = await FramesAsync(made.GetProperty("id").GetString()!);
        Assert.Equal(13, after.Count);
        Assert.Equal(before.Count, after.Zip(before).Count(pair => Distance(pair.First, pair.Second) < 8)); // encoded twice
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(_server.Data, "videos", ".wan", "snapshots")));
    }

    [Fact]
    public async Task AnExtension_OfAFile_IsBoundedAndSaysWhatIsWrong()
    {
        using var form = new MultipartFormDataContent { { new ByteArrayContent(new byte[1 << 20]), "video", "a.mp4" } };
        form.Add(new StringContent("on"), "prompt");
        using var answer = await _server.Client.PostAsync(new Uri("/v1/videos/extensions", UriKind.Relative), form, TestServer.Token);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);

        var (none, noVideo) = await _server.PostAsync("/v1/videos/extensions", """{"prompt":"on"}""");
        Assert.Equal((HttpStatusCode.BadRequest, "video"), (none, Param(noVideo)));

        var id = await _server.CreateAsync("a");
        await _server.EndAsync(id);
        foreach (var (field, param) in new[] { ("\"seconds\":9999", "seconds"), ("\"num_frames\":9", "frames"), ("\"stepz\":9", "stepz") })
        {
            var (status, error) = await _server.PostAsync("/v1/videos/extensions", $$"""{"video":"{{id}}","prompt":"on",{{field}}}""");
            Assert.Equal((HttpStatusCode.BadRequest, param), (status, Param(error)));
        }
    }

    [Fact]
    public async Task AnExtension_OfAFile_StopsWithinAStepAndLeavesNothing()
    {
        var clip = await ContentAsync(await MadeAsync());
        using var form = new MultipartFormDataContent
        {
            { new ByteArrayContent(clip), "video", "../a.webp" },
            { new StringContent("on"), "prompt" },
            { new StringContent("4"), "seconds" },
            { new StringContent("40"), "steps" },
        };
        var id = (await SendAsync("extensions", form)).GetProperty("id").GetString()!;
        JsonElement video;
        do
        {
            (_, video) = await _server.GetAsync($"/v1/videos/{id}");
        } while (Number(video, "progress") is var progress && progress < 10);

        await _server.PostAsync($"/v1/videos/{id}/cancel", "{}");
        video = await _server.EndAsync(id);
        Assert.Equal("cancelled", video.GetProperty("error").GetProperty("code").GetString());
        Assert.InRange(Number(video, "progress"), 0, 99);

        await _server.PostAsync($"/v1/videos/{id}/retry", "{}");
        await _server.DeleteAsync($"/v1/videos/{id}");
        Assert.Equal(HttpStatusCode.NotFound, (await _server.GetAsync($"/v1/videos/{id}")).Status);
        while (Directory.EnumerateFileSystemEntries(Path.Combine(_server.Data, "videos", ".wan", "snapshots")).Any())
        {
            await Task.Delay(20, TestServer.Token); // it stops within a step, and is cleared away then
        }
    }

    [Fact]
    public async Task AnEdit_ByAModelThatFillsIn_IsAsLongAndAsLargeAsItsVideo()
    {
        using var folder = new TemporaryFolder();
        await ServeAsync("wan2.1-vace-1.3b", folder["vace"]);
        var source = await MadeAsync();

        var (status, edit) = await _server.PostAsync("/v1/videos/edits", $$"""{"video":{"id":"{{source}}"},"prompt":"a hat","steps":1}""");
        Assert.True(status == HttpStatusCode.OK, edit.ToString());
        using var form = new MultipartFormDataContent
        {
            { new ByteArrayContent(await ContentAsync(source)), "video", "a.webp" },
            { new ByteArrayContent(Picture), "mask", "mask.webp" },
            { new StringContent("a hat"), "prompt" },
            { new StringContent("1"), "steps" },
            { new StringContent("32x16"), "size" },
        };
        var masked = await SendAsync("edits", form);

        foreach (var one in new[] { edit, masked })
        {
            var made = await _server.EndAsync(one.GetProperty("id").GetString()!);
            Assert.True(made.GetProperty("status").GetString() == "completed", made.ToString());
            Assert.Equal((5, "32x16"), (Number(made, "num_frames"), made.GetProperty("size").GetString()));
        }
    }

    [Fact]
    public async Task AKey_WithRoomForOneFile_BringsNoSecond()
    {
        var clip = await ContentAsync(await MadeAsync());
        var limits = new KeyLimits { MostUploadBytes = clip.Length + 10 };
        var key = new KeyFile(_server.Data, TimeProvider.System).Add("anna", KeyScope.Write, null, limits);
        _server.Client.DefaultRequestHeaders.Authorization = new("Bearer", key);
        await SendAsync("extensions", Form(clip));
        await SendAsync("extensions", Form(clip)); // the same one takes no more room

        using var answer = await _server.Client.PostAsync(
            new Uri("/v1/videos/extensions", UriKind.Relative),
            Form(Picture),
            TestServer.Token
        );

        Assert.Equal(HttpStatusCode.InsufficientStorage, answer.StatusCode);

        static MultipartFormDataContent Form(byte[] file) =>
            new()
            {
                { new ByteArrayContent(file), "video", "a.webp" },
                { new StringContent("on"), "prompt" },
                { new StringContent("1"), "steps" },
            };
    }

    [Fact]
    public async Task AVideoFromAVideo_ByAModelOfTextAlone_IsRefusedBeforeThatIsKept()
    {
        using var folder = new TemporaryFolder();
        await ServeAsync("wan2.1-t2v-1.3b", folder["t2v"]);
        foreach (var (what, instead) in new[] { ("edits", "VACE"), ("extensions", "i2v") })
        {
            using var form = new MultipartFormDataContent
            {
                { new ByteArrayContent(Picture), "video", "a.webp" },
                { new StringContent("a hat"), "prompt" },
            };

            using var answer = await _server.Client.PostAsync(new Uri($"/v1/videos/{what}", UriKind.Relative), form, TestServer.Token);

            using var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestServer.Token));
            var error = body.RootElement.GetProperty("error");
            Assert.Equal((HttpStatusCode.BadRequest, "not_supported"), (answer.StatusCode, error.GetProperty("code").GetString()));
            Assert.Contains(instead, error.GetProperty("message").GetString(), StringComparison.Ordinal);
            Assert.Contains("wan2.1-t2v-1.3b", error.GetProperty("message").GetString(), StringComparison.Ordinal);
        }

        Assert.False(Directory.Exists(Path.Combine(_server.Data, "uploads")));
    }

    /// <summary>Serves a published model from now on.</summary>
    private async Task ServeAsync(string variant, string folder)
    {
        using var networks = new TinyNetworks(variant);
        new ToolFolders(networks, folder).Write("official");
        await _server.RestartAsync(options =>
            options with
            {
                Backend = options.Backend with { Engine = options.Backend.Engine with { Model = folder } },
            }
        );
    }

    private async Task<JsonElement> SendAsync(string what, MultipartFormDataContent form)
    {
        using var answer = await _server.Client.PostAsync(new Uri($"/v1/videos/{what}", UriKind.Relative), form, TestServer.Token);
        using var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestServer.Token));
        Assert.True(answer.IsSuccessStatusCode, body.RootElement.ToString());
        return body.RootElement.Clone();
    }

    /// <summary>A video that is done.</summary>
    private async Task<string> MadeAsync()
    {
        var id = await _server.CreateAsync("a red circle", ",\"size\":\"32x16\"");
        var made = await _server.EndAsync(id);
        Assert.True(made.GetProperty("status").GetString() == "completed", made.ToString());
        return id;
    }

    private Task<byte[]> ContentAsync(string id) =>
        _server.Client.GetByteArrayAsync(new Uri($"/v1/videos/{id}/content", UriKind.Relative), TestServer.Token);

    private async Task<List<RgbImage>> FramesAsync(string id)
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllBytesAsync(folder["clip.webp"], await ContentAsync(id), TestServer.Token);
        return await VideoReader.ReadAsync(null, folder["clip.webp"], TestServer.Token).ToListAsync(TestServer.Token);
    }

    private static double Distance(RgbImage one, RgbImage other) =>
        one.Pixels.ToArray().Zip(other.Pixels.ToArray(), (a, b) => Math.Abs(a - b)).Average();

    private static int Number(JsonElement body, string name) => body.GetProperty(name).GetInt32();

    private static string? Param(JsonElement body) => body.GetProperty("error").GetProperty("param").GetString();
}
