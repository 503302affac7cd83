using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http;
using WanSharp.Tensors;

namespace WanSharp.Server.Security;

/// <summary>
/// Writes down who changed what, and who was refused: a line of JSON for each such request, and the refused ones in a file of their own, so
/// that no stranger can push out what was done. Prompts, keys and pictures are not in it.
/// </summary>
/// <param name="folder">The server's data folder.</param>
/// <param name="clock">The clock.</param>
/// <param name="notice">Receives a line when the log cannot be written.</param>
internal sealed class AuditLog(string folder, TimeProvider clock, Action<string>? notice) : IAsyncDisposable
{
    private const string FileName = "audit.jsonl";
    private const string RefusedName = "refused.jsonl";
    private const int LongestPath = 256;
    private const long MostBytes = 16 << 20; // then a new file begins, and the one before is kept

    private readonly Channel<AuditLine> _lines = Channel.CreateBounded<AuditLine>(
        new BoundedChannelOptions(10_000) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait }
    );

    private Task? _writing;

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        await next(context).ConfigureAwait(false);
        var (method, status) = (context.Request.Method, context.Response.StatusCode);
        if (IsRefused(status) || !(HttpMethods.IsGet(method) || HttpMethods.IsHead(method)))
        {
            await _lines
                .Writer.WriteAsync(
                    new AuditLine(
                        clock.GetUtcNow(),
                        Caller.Of(context).Name,
                        context.Connection.RemoteIpAddress?.ToString(),
                        method,
                        context.Request.Path.Value is { Length: > LongestPath } path
                            ? path[..LongestPath] + "…"
                            : context.Request.Path.Value,
                        status
                    ),
                    CancellationToken.None
                )
                .ConfigureAwait(false);
        }
    }

    /// <summary>Begins to write.</summary>
    public void Start() => _writing = Task.Run(WriteAsync);

    public async ValueTask DisposeAsync()
    {
        _lines.Writer.TryComplete();
        if (_writing is not null)
        {
            await _writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task WriteAsync()
    {
        while (await _lines.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            var (done, refused) = (new StringBuilder(), new StringBuilder());
            while (_lines.Reader.TryRead(out var line))
            {
                var text = IsRefused(line.Status) ? refused : done;
                text.Append(JsonSerializer.Serialize(line, AuditJson.Readable.AuditLine)).Append('\n');
            }

            await AppendAsync(Path.Combine(folder, FileName), done.ToString()).ConfigureAwait(false);
            await AppendAsync(Path.Combine(folder, RefusedName), refused.ToString()).ConfigureAwait(false);
        }
    }

    private async Task AppendAsync(string path, string text)
    {
        if (text.Length == 0)
        {
            return;
        }

        try
        {
            if (FileFacts.Of(path) is { Exists: true, Length: > MostBytes })
            {
                DurableFiles.Rename(path, path + ".1", overwrite: true);
            }

            await File.AppendAllTextAsync(path, text).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            notice?.Invoke($"{path} cannot be written: {exception.Message}");
        }
    }

    private static bool IsRefused(int status) =>
        status is StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden or StatusCodes.Status421MisdirectedRequest;
}

/// <summary>A request in the audit log.</summary>
internal sealed record AuditLine(DateTimeOffset Time, string Key, string? From, string Method, string? Path, int Status);

/// <summary>The audit log as JSON.</summary>
[JsonSerializable(typeof(AuditLine))]
internal sealed partial class AuditJson : JsonSerializerContext
{
    public static AuditJson Readable { get; } =
        new(
            new JsonSerializerOptions
            {
                PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
                Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            }
        );
}
