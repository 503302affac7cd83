using System.Net;
using System.Text;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace WanSharp.Server.Tests;

/// <summary>Another program's address, which takes what it is sent.</summary>
internal sealed class Receiver : IAsyncDisposable
{
    private readonly Channel<Received> _received = Channel.CreateUnbounded<Received>();
    private readonly WebApplication _application;

    public Receiver()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _application = builder.Build();
        _application.Run(ReceiveAsync);
    }

    /// <summary>The address, once it is started.</summary>
    public Uri Address =>
        new(_application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    /// <summary>What it answers with.</summary>
    public int Status { get; set; } = StatusCodes.Status200OK;

    /// <summary>Whether it takes requests and answers none.</summary>
    public bool Hangs { get; set; }

    /// <summary>How many requests came that nobody has looked at.</summary>
    public int Waiting => _received.Reader.Count;

    public Task StartAsync() => _application.StartAsync(TestServer.Token);

    /// <summary>Waits for the next request.</summary>
    public ValueTask<Received> ReceiveAsync() => ReceiveAsync(TestServer.Token);

    /// <inheritdoc cref="ReceiveAsync()"/>
    public ValueTask<Received> ReceiveAsync(CancellationToken cancellationToken) => _received.Reader.ReadAsync(cancellationToken);

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private async Task ReceiveAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        if (Hangs)
        {
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        }

        context.Response.StatusCode = Status;
        var headers = context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString());
        _received.Writer.TryWrite(new Received(context.Request.Path, headers, Encoding.UTF8.GetString(body.ToArray())));
    }

    /// <summary>A request.</summary>
    internal sealed record Received(string Path, Dictionary<string, string> Headers, string Body);
}
