using System.Net;
using WanSharp.Media.Images;

namespace WanSharp.Server.Tests;

/// <summary>What is sent again with an Idempotency-Key is done once.</summary>
public sealed class ReplayTests : IAsyncLifetime
{
    private static readonly (string, string) Key = ("Idempotency-Key", "1");

    private TestServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.StartAsync();
        await _server.PostAsync("/v1/queue/pause", "{}");
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task ABatch_ThatIsSentAgain_IsTheSame()
    {
        const string Path = "/v1/videos/batches";
        const string Jobs = """{"prompts":"a\nb","frames":5}""";
        var (_, first) = await _server.PostAsync(Path, Jobs, Key);

        var (status, again) = await _server.PostAsync(Path, Jobs, Key);
        var (conflict, _) = await _server.PostAsync(Path, """{"prompts":"c","frames":5}""", Key);

        Assert.Equal((HttpStatusCode.OK, Id(first)), (status, Id(again)));
        Assert.Equal(HttpStatusCode.Conflict, conflict);
        Assert.Equal(2, (await _server.GetAsync("/v1/videos")).Body.GetProperty("data").GetArrayLength());
    }

    [Fact]
    public async Task AList_AfterAVideoThatWasMadeAgainWithItsKey_BeginsAfterTheNewOne()
    {
        const string Body = """{"prompt":"a","frames":5}""";
        var (_, first) = await _server.PostAsync("/v1/videos", Body, Key);
        await _server.PostAsync("/v1/videos", """{"prompt":"b","frames":5}""");
        await _server.DeleteAsync($"/v1/videos/{Id(first)}");
        var (_, again) = await _server.PostAsync("/v1/videos", Body, Key);
        Assert.Equal(Id(first), Id(again));

        var (_, list) = await _server.GetAsync($"/v1/videos?order=asc&after={Id(again)}");

        Assert.Empty(list.GetProperty("data").EnumerateArray());
    }

    [Fact]
    public async Task Batches_ThatComeAtOnceWithOneKey_AreOne()
    {
        var answers = await Task.WhenAll(
            Enumerable.Range(0, 6).Select(_ => _server.PostAsync("/v1/videos/batches", """{"prompts":"a\nb","frames":5}""", Key))
        );

        Assert.All(answers, answer => Assert.True(answer.Status == HttpStatusCode.OK, answer.Body.ToString()));
        Assert.Single(answers.Select(answer => Id(answer.Body)).Distinct());
        Assert.Equal(2, (await _server.GetAsync("/v1/videos")).Body.GetProperty("data").GetArrayLength());
    }

    [Fact]
    public async Task AVideo_WhosePictureIsGoneMeanwhile_IsFoundAgain()
    {
        var picture = Convert.ToBase64String(PictureBytes.Webp(new RgbImage(32, 16, new byte[3 * 32 * 16]), quality: 90));
        var json = $$"""{"prompt":"a","num_frames":5,"input_reference":"data:image/webp;base64,{{picture}}"}""";
        var (status, first) = await _server.PostAsync("/v1/videos", json, Key);
        Assert.True(status == HttpStatusCode.OK, first.ToString());
        Directory.Delete(Path.Combine(_server.Data, "uploads"), recursive: true);
        await File.WriteAllTextAsync(Path.Combine(_server.Data, "uploads"), "no folder", TestServer.Token); // nothing can be kept now

        var (again, body) = await _server.PostAsync("/v1/videos", json, Key);
        File.Delete(Path.Combine(_server.Data, "uploads"));

        Assert.Equal((HttpStatusCode.OK, Id(first)), (again, Id(body)));
    }

    [Fact]
    public async Task AVideo_WhoseClientWentAndComesBack_IsMadeAfterAll()
    {
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(TestServer.Token);
        var first = SyncAsync(gone.Token);
        string? id = null;
        while (id is null)
        {
            id = (await _server.GetAsync("/v1/videos")).Body.GetProperty("first_id").GetString();
        }

        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        while ((await _server.GetAsync($"/v1/videos/{id}")).Body.GetProperty("status").GetString() != "failed")
        {
            await Task.Delay(10, TestServer.Token);
        }

        await _server.PostAsync("/v1/queue/resume", "{}");

        Assert.Equal(HttpStatusCode.OK, await SyncAsync(TestServer.Token));
    }

    [Fact]
    public async Task AVideo_ThatTwoClientsWaitFor_IsNotGivenUpWithOneOfThem()
    {
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(TestServer.Token);
        var stays = SyncAsync(TestServer.Token);
        while ((await _server.GetAsync("/v1/videos")).Body.GetProperty("data").GetArrayLength() == 0)
        {
            await Task.Delay(10, TestServer.Token);
        }

        var leaves = SyncAsync(gone.Token);
        while ((await _server.GetAsync("/v1/queue")).Body.GetProperty("listeners").GetInt32() < 2)
        {
            await Task.Delay(10, TestServer.Token);
        }

        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaves);
        while ((await _server.GetAsync("/v1/queue")).Body.GetProperty("listeners").GetInt32() > 1)
        {
            await Task.Delay(10, TestServer.Token);
        }

        await _server.PostAsync("/v1/queue/resume", "{}");

        Assert.Equal(HttpStatusCode.OK, await stays);
    }

    /// <summary>The video that a key meant is on its way out: it is neither found nor can it be made anew yet.</summary>
    [Fact]
    public async Task AVideo_ThatIsBeingDeleted_IsNoServerFault()
    {
        await _server.PostAsync("/v1/queue/resume", "{}");
        for (var i = 0; i < 5; i++)
        {
            var key = ("Idempotency-Key", $"{i}");
            var json = $$"""{"prompt":"clip {{i}}","num_frames":9,"steps":50}""";
            var (_, first) = await _server.PostAsync("/v1/videos", json, key);
            while ((await _server.GetAsync($"/v1/videos/{Id(first)}")).Body.GetProperty("status").GetString() == "queued") { }

            await _server.DeleteAsync($"/v1/videos/{Id(first)}");
            var (status, body) = await _server.PostAsync("/v1/videos", json, key);

            Assert.True(status is HttpStatusCode.OK or HttpStatusCode.Conflict, body.ToString());
        }
    }

    private static string? Id(System.Text.Json.JsonElement one) => one.GetProperty("id").GetString();

    private async Task<HttpStatusCode> SyncAsync(CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/videos/sync")
        {
            Content = new StringContent("""{"prompt":"a","num_frames":5,"steps":2}""", System.Text.Encoding.UTF8, "application/json"),
        };
        request.Headers.Add(Key.Item1, Key.Item2);
        using var answer = await _server.Client.SendAsync(request, cancellationToken);
        return answer.StatusCode;
    }
}
