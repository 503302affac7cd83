using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Data.Sqlite;
using WanSharp.Jobs.Storage;

namespace WanSharp.Server.Tests;

/// <summary>Messages are never lost, whatever happens to videos, addresses and the file that keeps them.</summary>
public sealed class WebhookLifeTests : IAsyncLifetime
{
    private readonly Receiver _receiver = new();
    private TestServer _server = null!;

    private Uri Address => _receiver.Address;

    private string Database => Path.Combine(_server.Data, "webhooks.db");

    public async ValueTask InitializeAsync()
    {
        await _receiver.StartAsync();
        _server = await TestServer.StartAsync(options => options with { Webhooks = [Address] });
        await _server.PostAsync("/v1/queue/pause", "{}");
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _receiver.DisposeAsync();
    }

    [Fact]
    public async Task Webhooks_OfABatchThatIsCancelled_TellOfEachOfItsVideos()
    {
        var prompts = string.Join("\\n", Enumerable.Range(0, 100).Select(i => $"clip {i}"));
        var (_, batch) = await _server.PostAsync("/v1/videos/batches", $$"""{"prompts":"{{prompts}}","frames":5}""");

        await _server.PostAsync($"/v1/videos/batches/{batch.GetProperty("id").GetString()}/cancel", "{}");

        var told = new HashSet<string>();
        while (told.Count < 100)
        {
            told.Add(VideoOf((await _receiver.ReceiveAsync()).Body, "video.failed"));
        }
    }

    [Fact]
    public async Task AWebhook_OfAVideoThatIsTriedAgainAtOnce_TellsOfItsFirstEnd()
    {
        var id = await _server.CreateAsync("a");

        await _server.PostAsync($"/v1/videos/{id}/cancel", "{}");
        await _server.PostAsync($"/v1/videos/{id}/retry", "{}");
        await _server.PostAsync("/v1/queue/resume", "{}");

        // Both may be due by the time that the sender looks, and are sent at once then.
        string[] told = [(await _receiver.ReceiveAsync()).Body, (await _receiver.ReceiveAsync()).Body];
        Assert.Equal(["video.completed", "video.failed"], told.Select(TypeOf).Order(StringComparer.Ordinal));
        Assert.All(told, body => Assert.Equal(id, VideoOf(body)));
    }

    [Fact]
    public async Task AWebhook_OfAVideoThatIsDeletedAtOnce_IsSent()
    {
        var id = await _server.CreateAsync("a");

        await _server.PostAsync($"/v1/videos/{id}/cancel", "{}");
        await _server.DeleteAsync($"/v1/videos/{id}");

        Assert.Equal(id, VideoOf((await _receiver.ReceiveAsync()).Body, "video.failed"));
    }

    [Fact]
    public async Task Webhooks_WhoseFileCannotBeWritten_AreSentOnceItCan()
    {
        using var database = new SqliteConnection($"Data Source={Database};Pooling=False");
        await database.OpenAsync(TestServer.Token);
        Run(database, "ALTER TABLE deliveries RENAME TO away");
        var id = await _server.CreateAsync("a");
        await _server.PostAsync($"/v1/videos/{id}/cancel", "{}");
        while (!HasNotice("webhooks cannot be sent now"))
        {
            await Task.Delay(20, TestServer.Token);
        }

        Run(database, "ALTER TABLE away RENAME TO deliveries");

        Assert.Equal(id, VideoOf((await _receiver.ReceiveAsync()).Body, "video.failed"));
    }

    [Fact]
    public async Task AnAddress_ThatDoesNotAnswer_HoldsUpNoOther()
    {
        await using var hanging = new Receiver { Hangs = true };
        await hanging.StartAsync();
        await _server.RestartAsync(options =>
            options with
            {
                Webhooks = [hanging.Address, Address],
                LongestWebhook = TimeSpan.FromHours(1),
            }
        );
        for (var i = 0; i < 20; i++)
        {
            await _server.PostAsync($"/v1/videos/{await _server.CreateAsync($"clip {i}")}/cancel", "{}");
        }

        for (var i = 0; i < 20; i++)
        {
            await _receiver.ReceiveAsync();
        }

        await _server.StopAsync(); // it lets go of the one that hangs
    }

    [Fact]
    public async Task Messages_ToAnAddressThatIsNoLongerConfigured_AreNotSent()
    {
        await using var gone = new Receiver { Status = StatusCodes.Status503ServiceUnavailable };
        await gone.StartAsync();
        await _server.RestartAsync(options => options with { Webhooks = [gone.Address] });
        await _server.PostAsync($"/v1/videos/{await _server.CreateAsync("a")}/cancel", "{}");
        await gone.ReceiveAsync();
        await _server.StopAsync();
        var before = gone.Waiting; // a second attempt may have followed
        Run("UPDATE deliveries SET next_at = 0");

        await _server.RestartAsync(options => options with { Webhooks = [Address] });
        await _server.PostAsync($"/v1/videos/{await _server.CreateAsync("b")}/cancel", "{}");
        await _receiver.ReceiveAsync();
        await _receiver.ReceiveAsync(); // of both videos: to this address neither was told

        Assert.Equal(before, gone.Waiting);
    }

    [Fact]
    public async Task AFileOfMessages_ThatIsDamaged_IsNamedWhenTheServerStarts()
    {
        await _server.StopAsync();
        await File.WriteAllBytesAsync(Database, [.. Enumerable.Repeat((byte)7, 5000)], TestServer.Token);

        var error = await Assert.ThrowsAsync<JobStoreException>(() => _server.RestartAsync());

        Assert.Contains(Database, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Messages_ThatWereTakenLongAgo_AreForgottenAndNotSentAgain()
    {
        await _server.PostAsync($"/v1/videos/{await _server.CreateAsync("a")}/cancel", "{}");
        await _receiver.ReceiveAsync();
        while ((await _server.GetAsync("/v1/webhooks/deliveries?status=delivered")).Body.GetProperty("data").GetArrayLength() == 0)
        {
            await Task.Delay(10, TestServer.Token);
        }

        await _server.StopAsync();
        Run("UPDATE deliveries SET created_at = created_at - 31 * 86400; UPDATE noted SET at = at + 600");

        await _server.RestartAsync(options => options with { Webhooks = [Address] });
        while ((await _server.GetAsync("/v1/webhooks/deliveries")).Body.GetProperty("data").GetArrayLength() > 0)
        {
            await Task.Delay(10, TestServer.Token);
        }

        await _server.PostAsync($"/v1/videos/{await _server.CreateAsync("b")}/cancel", "{}");
        using var message = JsonDocument.Parse((await _receiver.ReceiveAsync()).Body);
        Assert.Equal("b", message.RootElement.GetProperty("data").GetProperty("prompt").GetString());
    }

    [Fact]
    public async Task Videos_ThatFailedLongAgo_AreDeletedAsThoseThatAreMade()
    {
        var id = await _server.CreateAsync("a");
        await _server.PostAsync($"/v1/videos/{id}/cancel", "{}");

        await _server.RestartAsync(options => options with { Keep = TimeSpan.Zero });

        while ((await _server.GetAsync($"/v1/videos/{id}")).Status != HttpStatusCode.NotFound)
        {
            await Task.Delay(20, TestServer.Token);
        }
    }

    private static string VideoOf(string body, string type)
    {
        Assert.Equal(type, TypeOf(body));
        return VideoOf(body);
    }

    private static string VideoOf(string body)
    {
        using var message = JsonDocument.Parse(body);
        return message.RootElement.GetProperty("data").GetProperty("id").GetString()!;
    }

    private static string TypeOf(string body)
    {
        using var message = JsonDocument.Parse(body);
        return message.RootElement.GetProperty("type").GetString()!;
    }

    private bool HasNotice(string text) => _server.Notices.Any(notice => notice.Contains(text, StringComparison.Ordinal));

    private void Run(string sql)
    {
        using var database = new SqliteConnection($"Data Source={Database};Pooling=False");
        database.Open();
        Run(database, sql);
    }

    private static void Run(SqliteConnection database, string sql)
    {
        using var command = database.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
