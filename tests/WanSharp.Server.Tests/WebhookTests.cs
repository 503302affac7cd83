using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace WanSharp.Server.Tests;

public sealed class WebhookTests : IAsyncLifetime
{
    private readonly Receiver _receiver = new();
    private TestServer _server = null!;

    private Uri Address => _receiver.Address;

    public async ValueTask InitializeAsync()
    {
        await _receiver.StartAsync();
        _server = await TestServer.StartAsync(options => options with { Webhooks = [Address] });
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _receiver.DisposeAsync();
    }

    [Fact]
    public async Task Webhook_OfAVideoThatIsDone_IsSigned()
    {
        var id = await _server.CreateAsync("a");
        var (_, headers, body) = await _receiver.ReceiveAsync();

        var secret = (await File.ReadAllTextAsync(Path.Combine(_server.Data, "webhook.key"), TestServer.Token)).Trim()["whsec_".Length..];
        var signed = $"{headers["webhook-id"]}.{headers["webhook-timestamp"]}.{body}";
        var expected = Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(secret), Encoding.UTF8.GetBytes(signed)));
        Assert.Equal($"v1,{expected}", headers["webhook-signature"]);
        using var message = JsonDocument.Parse(body);
        Assert.Equal("video.completed", message.RootElement.GetProperty("type").GetString());
        Assert.Equal(id, message.RootElement.GetProperty("data").GetProperty("id").GetString());
    }

    [Fact]
    public async Task Webhook_ThatIsNotTaken_IsSentAgainWithTheSameId()
    {
        _receiver.Status = StatusCodes.Status503ServiceUnavailable;
        await _server.CreateAsync("a");
        var first = await _receiver.ReceiveAsync();
        _receiver.Status = StatusCodes.Status200OK;

        await _server.RestartAsync(options => options with { Webhooks = [Address] });
        var second = await _receiver.ReceiveAsync();

        Assert.Equal(first.Headers["webhook-id"], second.Headers["webhook-id"]);
        Assert.Equal(first.Body, second.Body);
    }

    [Fact]
    public async Task Webhook_ThatIsGone_IsGivenUpUntilItIsAskedForAgain()
    {
        _receiver.Status = StatusCodes.Status410Gone;
        await _server.CreateAsync("a");
        var first = await _receiver.ReceiveAsync();
        JsonElement dead;
        do
        {
            (_, dead) = await _server.GetAsync("/v1/webhooks/deliveries?status=dead");
            await Task.Delay(20, TestServer.Token);
        } while (dead.GetProperty("data").GetArrayLength() == 0);

        _receiver.Status = StatusCodes.Status200OK;
        var id = dead.GetProperty("data")[0].GetProperty("id").GetString();
        var (_, retried) = await _server.PostAsync($"/v1/webhooks/deliveries/{id}/retry", "{}");

        Assert.Equal(first.Headers["webhook-id"], id);
        Assert.Equal(1, retried.GetProperty("retried").GetInt32());
        await _receiver.ReceiveAsync();
    }
}
