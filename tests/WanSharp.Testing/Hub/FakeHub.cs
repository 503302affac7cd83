using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace WanSharp.Testing.Hub;

/// <summary>
/// A hub of models on this machine, which answers as Hugging Face's does: large files come from another host, small ones from its own. It
/// fails as it is told to.
/// </summary>
public sealed class FakeHub : IAsyncDisposable
{
    /// <summary>The repository.</summary>
    public const string Repository = "org/model";

    private const int Chunk = 16 << 10;

    private readonly WebApplication _hub;
    private readonly WebApplication _store;
    private readonly ConditionalWeakTable<byte[], string> _digests = [];
    private int _hangUps;
    private long _written;

    private FakeHub()
    {
        _hub = Create();
        _store = Create();
        _hub.Run(AnswerAsync);
        _store.Run(context => SendAsync(context, Files[Uri.UnescapeDataString(context.Request.Path.Value!.TrimStart('/'))]));
    }

    /// <summary>The hub's address.</summary>
    public string Address => _hub.Urls.Single();

    /// <summary>The commit that its main branch is.</summary>
    public string Commit { get; set; } = new('a', 40);

    /// <summary>The files, by path.</summary>
    public Dictionary<string, byte[]> Files { get; } = new(StringComparer.Ordinal);

    /// <summary>What the addresses of large files are signed with from now on.</summary>
    public string Signature { get; set; } = "s";

    /// <summary>From how many bytes on a file is large.</summary>
    public int LargeFrom { get; set; } = 1000;

    /// <summary>All requests.</summary>
    public ConcurrentQueue<HubRequest> Requests { get; } = new();

    /// <summary>May answer first, with true, or let the request through.</summary>
    public Func<HttpContext, bool>? Before { get; set; }

    /// <summary>What it answers whatever it is asked; null to answer as a hub.</summary>
    public string? Answer { get; set; }

    /// <summary>What a file's bytes are made to when they are sent.</summary>
    public Func<byte[], byte[]>? Spoil { get; set; }

    /// <summary>After how many bytes of a large file each connection ends.</summary>
    public int? HangUpAfter { get; set; }

    /// <summary>How many connections end so; -1 for all.</summary>
    public int HangUps { get; set; } = -1;

    /// <summary>Whether a range is answered by the whole file.</summary>
    public bool IgnoresRanges { get; set; }

    /// <summary>How many files a page of a list has.</summary>
    public int PageLength { get; set; } = 100;

    /// <summary>Bytes of files that were given to connections so far.</summary>
    public long Written => Interlocked.Read(ref _written);

    /// <summary>How many bytes of files may be given to connections: at that many, all of them wait.</summary>
    public long Allowed { get; set; } = long.MaxValue;

    /// <summary>Bytes of files that were sent.</summary>
    public long Sent => Requests.Sum(request => request.Sent);

    public static async Task<FakeHub> StartAsync()
    {
        var hub = new FakeHub();
        await hub._hub.StartAsync();
        await hub._store.StartAsync();
        return hub;
    }

    /// <summary>The name of a content: SHA-256, or Git's SHA-1 of a blob.</summary>
    public string ETagOf(string path) =>
        Files[path].Length >= LargeFrom
            ? _digests.GetValue(Files[path], bytes => Convert.ToHexStringLower(SHA256.HashData(bytes)))
            : GitId(Files[path]);

    public async ValueTask DisposeAsync()
    {
        await _hub.DisposeAsync();
        await _store.DisposeAsync();
    }

    private static WebApplication Create()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        return builder.Build();
    }

#pragma warning disable CA5350 // Git names files so: an identity, not a protection.
    private static string GitId(byte[] bytes) =>
        Convert.ToHexStringLower(
            SHA1.HashData([.. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob {bytes.Length}\0")), .. bytes])
        );
#pragma warning restore CA5350

    private async Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        if (Before?.Invoke(context) == true)
        {
            Log(context, 0);
        }
        else if (Answer is not null)
        {
            Log(context, 0);
            await context.Response.WriteAsync(Answer, context.RequestAborted);
        }
        else if (path == $"/api/models/{Repository}/revision/main" || path == $"/api/models/{Repository}/revision/v1")
        {
            await WriteAsync(context, new JsonObject { ["id"] = Repository, ["sha"] = Commit });
        }
        else if (path == $"/api/models/{Repository}/tree/{Commit}")
        {
            await ListAsync(context);
        }
        else if (path.StartsWith($"/{Repository}/resolve/{Commit}/", StringComparison.Ordinal))
        {
            await ResolveAsync(context, Uri.UnescapeDataString(path[$"/{Repository}/resolve/{Commit}/".Length..]));
        }
        else
        {
            var isHere = path.Contains($"/{Repository}/", StringComparison.Ordinal);
            context.Response.StatusCode = isHere ? 404 : 401;
            context.Response.Headers["X-Error-Code"] = isHere ? "RevisionNotFound" : "RepoNotFound";
            Log(context, 0);
        }
    }

    private Task ListAsync(HttpContext context)
    {
        var start = int.Parse(context.Request.Query["cursor"].FirstOrDefault() ?? "0", CultureInfo.InvariantCulture);
        var files = Files.Keys.Order(StringComparer.Ordinal).ToList();
        if (start + PageLength < files.Count)
        {
            var next = string.Create(
                CultureInfo.InvariantCulture,
                $"{Address}/api/models/{Repository}/tree/{Commit}?recursive=true&cursor={start + PageLength}"
            );
            context.Response.Headers.Link = $"<{next}>; rel=\"next\"";
        }

        JsonNode Entry(string path)
        {
            var large = Files[path].Length >= LargeFrom;
            var entry = new JsonObject
            {
                ["type"] = "file",
                ["path"] = path,
                ["size"] = Files[path].Length,
                ["oid"] = large ? GitId(Encoding.ASCII.GetBytes(ETagOf(path))) : ETagOf(path),
            };
            if (large)
            {
                entry["lfs"] = new JsonObject
                {
                    ["oid"] = ETagOf(path),
                    ["size"] = Files[path].Length,
                    ["pointerSize"] = 134,
                };
            }

            return entry;
        }

        return WriteAsync(
            context,
            new JsonArray([
                new JsonObject
                {
                    ["type"] = "directory",
                    ["path"] = "vae",
                    ["oid"] = new string('1', 40),
                    ["size"] = 0,
                },
                .. files.Skip(start).Take(PageLength).Select(Entry),
            ])
        );
    }

    private Task ResolveAsync(HttpContext context, string path)
    {
        if (!Files.TryGetValue(path, out var bytes))
        {
            context.Response.StatusCode = 404;
            context.Response.Headers["X-Error-Code"] = "EntryNotFound";
            Log(context, 0);
            return Task.CompletedTask;
        }

        context.Response.Headers["X-Repo-Commit"] = Commit;
        if (bytes.Length < LargeFrom)
        {
            context.Response.Headers.ETag = $"\"{ETagOf(path)}\"";
            return SendAsync(context, bytes);
        }

        context.Response.StatusCode = 302;
        context.Response.Headers["X-Linked-Etag"] = $"\"{ETagOf(path)}\"";
        context.Response.Headers["X-Linked-Size"] = bytes.Length.ToString(CultureInfo.InvariantCulture);
        context.Response.Headers.Location = $"{_store.Urls.Single()}/{Uri.EscapeDataString(path)}?signature={Signature}";
        Log(context, 0);
        return Task.CompletedTask;
    }

    private async Task SendAsync(HttpContext context, byte[] bytes)
    {
        if (context.Request.Host.Value != new Uri(Address).Authority && Before?.Invoke(context) == true)
        {
            Log(context, 0);
            return;
        }

        bytes = Spoil?.Invoke([.. bytes]) ?? bytes;
        var (from, to) = (0, bytes.Length);
        if (context.Request.GetTypedHeaders().Range?.Ranges.Single() is { } range && !IgnoresRanges)
        {
            (from, to) = ((int)range.From!.Value, (int)Math.Min(bytes.Length, (range.To ?? bytes.Length - 1) + 1));
            context.Response.StatusCode = 206;
            context.Response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes {from}-{to - 1}/{bytes.Length}");
        }

        context.Response.ContentLength = to - from;
        var hangsUp = HangUpAfter is { } after && to - from > after && (HangUps < 0 || Interlocked.Increment(ref _hangUps) <= HangUps);
        var end = hangsUp ? from + HangUpAfter!.Value : to;
        Log(context, end - from);
        for (var at = from; at < end; at += Chunk)
        {
            while (Written >= Allowed)
            {
                await Task.Delay(1, context.RequestAborted);
            }

            var count = Math.Min(Chunk, end - at);
            await context.Response.Body.WriteAsync(bytes.AsMemory(at, count), context.RequestAborted);
            Interlocked.Add(ref _written, count);
        }

        // Where fewer bytes were written than promised, the server ends the connection after them.
    }

    private Task WriteAsync(HttpContext context, JsonNode answer)
    {
        Log(context, 0);
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(answer.ToJsonString(), context.RequestAborted);
    }

    private void Log(HttpContext context, long sent)
    {
        var request = context.Request;
        var isHub = request.Host.Value == new Uri(Address).Authority;
        Requests.Enqueue(
            new HubRequest(
                isHub,
                request.Path.Value!,
                request.Headers.Range.ToString(),
                request.Headers.Authorization.ToString(),
                sent,
                request.Query["signature"].ToString()
            )
        );
    }
}
