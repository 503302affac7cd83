using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace WanSharp.Server.Tests;

public sealed class WebhookTests : IAsyncLifetime
{
    private readonly ConcurrentQueue<(IHeaderDictionary Headers, string Body)> _received = new();
    private WebApplication _receiver = null!;
    private TestServer _server = null!;
    private int _status = StatusCodes.Status200OK;

    private Uri Address =>
        new(_receiver.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _receiver = builder.Build();
        _receiver.Run(ReceiveAsync);
        await _receiver.StartAsync(TestServer.Token);
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
        var (headers, body) = await ReceivedAsync();

        var secret = (await File.ReadAllTextAsync(Path.Combine(_server.Data, "webhook.key"), TestServer.Token)).Trim()["whsec_".Length..];
        var signed = $"{headers["webhook-id"]}.{headers["webhook-timestamp"]}.{body}";
        var expected = Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(secret), Encoding.UTF8.GetBytes(signed)));
        Assert.Equal($"v1,{expected}", headers["webhook-signature"].ToString());
        using var message = JsonDocument.Parse(body);
        Assert.Equal("video.completed", message.RootElement.GetProperty("type").GetString());
        Assert.Equal(id, message.RootElement.GetProperty("data").GetProperty("id").GetString());
    }

    [Fact]
    public async Task Webhook_ThatIsNotTaken_IsSentAgainWithTheSameId()
    {
        _status = StatusCodes.Status503ServiceUnavailable;
        await _server.CreateAsync("a");
        var first = await ReceivedAsync();
        _status = StatusCodes.Status200OK;

        await _server.RestartAsync(options => options with { Webhooks = [Address] });
        var second = await ReceivedAsync();

        Assert.Equal(first.Headers["webhook-id"], second.Headers["webhook-id"]);
        Assert.Equal(first.Body, second.Body);
    }

    [Fact]
    public async Task Webhook_ThatIsGone_IsGivenUpUntilItIsAskedForAgain()
    {
        _status = StatusCodes.Status410Gone;
        await _server.CreateAsync("a");
        var first = await ReceivedAsync();
        JsonElement dead;
        do
        {
            (_, dead) = await _server.GetAsync("/v1/webhooks/deliveries?status=dead");
            await Task.Delay(20, TestServer.Token);
        } while (dead.GetProperty("data").GetArrayLength() == 0);

        _status = StatusCodes.Status200OK;
        var id = dead.GetProperty("data")[0].GetProperty("id").GetString();
        var (_, retried) = await _server.PostAsync($"/v1/webhooks/deliveries/{id}/retry", "{}");

        Assert.Equal(first.Headers["webhook-id"].ToString(), id);
        Assert.Equal(1, retried.GetProperty("retried").GetInt32());
        await ReceivedAsync();
    }

    private async Task ReceiveAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var body = await reader.ReadToEndAsync(context.RequestAborted);
        context.Response.StatusCode = _status;
        _received.Enqueue((new HeaderDictionary(context.Request.Headers.ToDictionary()), body));
    }

    private async Task<(IHeaderDictionary Headers, string Body)> ReceivedAsync()
    {
        while (true)
        {
            if (_received.TryDequeue(out var one))
            {
                return one;
            }

            await Task.Delay(20, TestServer.Token);
        }
    }
}
