using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace WanSharp.Server.Tests;

/// <summary>What may be changed of videos that wait.</summary>
public sealed class EditTests : IAsyncLifetime
{
    private TestServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.StartAsync();
        await _server.PostAsync("/v1/queue/pause", "{}");
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task AVideo_ThatWaits_BecomesAnotherOne()
    {
        var id = await _server.CreateAsync("a circle", ",\"seed\":3,\"priority\":2");

        var (status, video) = await PatchAsync(id, new { prompt = "a square", steps = 1 });

        Assert.True(status == HttpStatusCode.OK, video.ToString());
        Assert.Equal("a square", Text(video, "prompt"));
        Assert.Equal((1, 3, 2), (Number(video, "num_inference_steps"), Number(video, "seed"), Number(video, "priority")));
        await _server.RestartAsync();
        await _server.PostAsync("/v1/queue/resume", "{}");
        var made = await _server.EndAsync(id);
        Assert.Equal(("completed", "a square"), (Text(made, "status"), Text(made, "prompt")));
    }

    /// <summary>A change takes as long as its pictures and the model take: what others change meanwhile is not undone.</summary>
    [Fact]
    public async Task Changes_AtTheSameTime_AreAllMade()
    {
        var id = await _server.CreateAsync("a", ",\"seed\":3");

        object[] changes = [new { prompt = "b" }, new { steps = 3 }, new { seed = 8 }, new { priority = 9 }];
        var answers = await Task.WhenAll(changes.Select(change => PatchAsync(id, change)));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
        var (_, video) = await _server.GetAsync($"/v1/videos/{id}");
        Assert.Equal("b", Text(video, "prompt"));
        Assert.Equal((3, 8, 9), (Number(video, "num_inference_steps"), Number(video, "seed"), Number(video, "priority")));
    }

    [Fact]
    public async Task AVideo_ThatIsDone_IsNotChanged()
    {
        await _server.PostAsync("/v1/queue/resume", "{}");
        var id = await _server.CreateAsync("a");
        await _server.EndAsync(id);

        var (status, error) = await PatchAsync(id, new { prompt = "b" });

        Assert.Equal((HttpStatusCode.Conflict, "too_late"), (status, Text(error.GetProperty("error"), "code")));
    }

    [Fact]
    public async Task AnEdit_ThatIsNotUnderstood_ChangesNothing()
    {
        var id = await _server.CreateAsync("a");

        var unknown = await PatchAsync(id, new { prompt = "b", stepz = 3 });
        var format = await PatchAsync(id, new { format = "png" });

        Assert.Equal((HttpStatusCode.BadRequest, "stepz"), (unknown.Status, Text(unknown.Body.GetProperty("error"), "param")));
        Assert.Equal((HttpStatusCode.BadRequest, "format"), (format.Status, Text(format.Body.GetProperty("error"), "param")));
        Assert.Equal("a", Text((await _server.GetAsync($"/v1/videos/{id}")).Body, "prompt"));
    }

    [Fact]
    public async Task Videos_ThatArePutInOrder_HavePlaces()
    {
        var ids = new List<string>();
        foreach (var prompt in (string[])["a", "b", "c", "d"])
        {
            ids.Add(await _server.CreateAsync(prompt, ids.Count == 0 ? ",\"priority\":1000" : ""));
        }

        string[] wanted = [ids[3], ids[1]];
        var (status, answer) = await _server.PostAsync("/v1/queue/order", JsonSerializer.Serialize(new { ids = wanted }));
        Assert.Equal((HttpStatusCode.OK, 2), (status, answer.GetProperty("ordered").GetInt32()));

        var (_, list) = await _server.GetAsync("/v1/videos?order=asc");
        var places = list.GetProperty("data").EnumerateArray().Select(video => video.GetProperty("place"));
        Assert.Equal(["null", "2", "null", "1"], places.Select(place => place.ValueKind == JsonValueKind.Null ? "null" : place.ToString()));
    }

    private async Task<(HttpStatusCode Status, JsonElement Body)> PatchAsync(string id, object change)
    {
        using var answer = await _server.Client.PatchAsJsonAsync($"/v1/videos/{id}", change, TestServer.Token);
        return (answer.StatusCode, await answer.Content.ReadFromJsonAsync<JsonElement>(TestServer.Token));
    }

    private static string? Text(JsonElement body, string name) => body.GetProperty(name).GetString();

    private static int Number(JsonElement body, string name) => body.GetProperty(name).GetInt32();
}
