using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace WanSharp.Hosting.Tests.Installation;

/// <summary>A NuGet service of one package on this machine: it answers what it is told to, and can hang up in the middle.</summary>
internal sealed class LoopbackFeed : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();

    public LoopbackFeed(byte[] package)
    {
        _listener.Start();
        var root = $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";
        Root = $"{root}/";
        Index = $"{root}/v3/index.json";
        var (id, version) = (FakePackage.Id.ToLowerInvariant(), FakePackage.Version);
        PackagePath = $"/flat/{id}/{version}/{id}.{version}.nupkg";
        Documents[$"/v3/index.json"] = Json($$"""{"resources":[{"@id":"{{root}}/flat/","@type":"PackageBaseAddress/3.0.0"}]}""");
        Documents[$"/flat/{id}/index.json"] = Json($$"""{"versions":["1.2.3","{{version}}"]}""");
        Documents[PackagePath] = package;
        Serving = ServeAsync();
    }

    public string Index { get; }

    /// <summary>The address as an npm registry's.</summary>
    public string Root { get; }

    public string PackagePath { get; set; }

    public Dictionary<string, byte[]> Documents { get; } = [];

    /// <summary>The ranges that were asked for of the package, "" for all of it.</summary>
    public List<string> Ranges { get; } = [];

    /// <summary>After how many bytes of the package the connection ends, once.</summary>
    public int? HangUpAfter { get; set; }

    /// <summary>Whether a range is answered by all of it.</summary>
    public bool IgnoresRanges { get; set; }

    private Task Serving { get; }

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
        _stop.Dispose();
    }

    private static byte[] Json(string text) => Encoding.UTF8.GetBytes(text);

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                try
                {
                    await AnswerAsync(client.GetStream());
                }
                catch (IOException)
                {
                    // It hung up; others come.
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The test is over.
        }
    }

    private async Task AnswerAsync(NetworkStream stream)
    {
        using var reader = new StreamReader(stream, leaveOpen: true);
        var path = (await reader.ReadLineAsync(_stop.Token) ?? "  ").Split(' ')[1];
        var range = "";
        while (await reader.ReadLineAsync(_stop.Token) is { Length: > 0 } header)
        {
            range = header.StartsWith("Range: ", StringComparison.OrdinalIgnoreCase) ? header["Range: ".Length..] : range;
        }

        if (!Documents.TryGetValue(path, out var body))
        {
            await stream.WriteAsync(Json("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"), _stop.Token);
            return;
        }

        var first = 0;
        var count = body.Length;
        if (path == PackagePath)
        {
            Ranges.Add(range);
            first = range.Length > 0 && !IgnoresRanges ? int.Parse(range["bytes=".Length..^1], CultureInfo.InvariantCulture) : 0;
            count = Math.Min(HangUpAfter ?? int.MaxValue, body.Length - first);
            HangUpAfter = null;
        }

        var status = first > 0 ? $"206 Partial Content\r\nContent-Range: bytes {first}-{body.Length - 1}/{body.Length}" : "200 OK";
        await stream.WriteAsync(
            Json($"HTTP/1.1 {status}\r\nContent-Length: {body.Length - first}\r\nConnection: close\r\n\r\n"),
            _stop.Token
        );
        await stream.WriteAsync(body.AsMemory(first, count), _stop.Token);
    }
}
