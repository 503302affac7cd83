using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace WanSharp.Server.Comfy;

/// <summary>An object of ComfyUI's API that is sent while it is written, because it may be long.</summary>
internal sealed class ComfyStream : IDisposable
{
    private const int PieceSize = 1 << 16;

    private readonly ArrayBufferWriter<byte> _piece = new(PieceSize);
    private readonly HttpContext _context;

    public ComfyStream(HttpContext context)
    {
        _context = context;
        Json = new Utf8JsonWriter(_piece, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        Json.WriteStartObject();
    }

    /// <summary>Where the members are written.</summary>
    public Utf8JsonWriter Json { get; }

    /// <summary>Sends what was written, once that is worth it.</summary>
    public async ValueTask SendAsync()
    {
        if (Json.BytesPending + _piece.WrittenCount >= PieceSize)
        {
            await FlushAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Ends the object, and sends the rest.</summary>
    public Task EndAsync()
    {
        Json.WriteEndObject();
        return FlushAsync();
    }

    /// <summary>Leaves what was not sent.</summary>
    public void Dispose() => Json.Dispose();

    private async Task FlushAsync()
    {
        await Json.FlushAsync(_context.RequestAborted).ConfigureAwait(false);
        if (!_context.Response.HasStarted)
        {
            _context.Response.ContentType = ComfyAnswers.ContentType;
            _context.Response.Headers.CacheControl = "no-store";
        }

        await _context.Response.Body.WriteAsync(_piece.WrittenMemory, _context.RequestAborted).ConfigureAwait(false);
        _piece.ResetWrittenCount();
    }
}
