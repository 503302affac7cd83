using SkiaSharp;
using WanSharp.Media.Images;

namespace WanSharp.Media.Clips;

/// <summary>Encodes frames with Skia, one while the next is computed. Holds one frame.</summary>
/// <param name="format">The frames' measures.</param>
/// <param name="failure">How messages begin.</param>
internal abstract class SkiaEncoder(ClipFormat format, string failure) : IClipEncoder
{
    protected const int Channels = 4;

    private readonly byte[] _pixels = new byte[checked(format.Width * format.Height * Channels)];
    private Task _encoding = Task.CompletedTask;
    private int _written;

    protected ClipFormat Format { get; } = format;

    public async Task WriteAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellationToken)
    {
        await FinishLastAsync().ConfigureAwait(false);
        RgbPixels.Widen(frame.Span, _pixels);
        var number = ++_written;
        _encoding = Task.Run(() => EncodeAsync(_pixels, number, cancellationToken), cancellationToken);
    }

    public async Task FinishAsync(CancellationToken cancellationToken)
    {
        await FinishLastAsync().ConfigureAwait(false);
        _encoding = Task.Run(() => CompleteAsync(cancellationToken), cancellationToken);
        await FinishLastAsync().ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await _encoding.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await CloseAsync().ConfigureAwait(false);
        GC.SuppressFinalize(this);
    }

    /// <summary>Writes a frame: [height, width, 4].</summary>
    protected abstract Task EncodeAsync(byte[] pixels, int number, CancellationToken cancellationToken);

    /// <summary>Writes what comes after the last frame.</summary>
    protected virtual Task CompleteAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Closes what is open.</summary>
    protected virtual ValueTask CloseAsync() => ValueTask.CompletedTask;

    /// <summary>A frame as Skia wants it, without a colour profile: bytes are written as they are.</summary>
    protected unsafe byte[] Encode(byte[] pixels, Func<SKPixmap, SKData?> encode)
    {
        var info = new SKImageInfo(Format.Width, Format.Height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        fixed (byte* first = pixels)
        {
            using var pixmap = new SKPixmap(info, (nint)first, info.RowBytes);
            return BytesOf(encode(pixmap));
        }
    }

    /// <summary>The bytes that Skia wrote.</summary>
    protected byte[] BytesOf(SKData? data)
    {
        using (data)
        {
            return data?.ToArray() ?? throw new MediaException($"{failure}: Skia cannot encode its pixels.");
        }
    }

    private async Task FinishLastAsync()
    {
        try
        {
            await _encoding.ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not MediaException and (IOException or UnauthorizedAccessException))
        {
            throw new MediaException($"{failure}: {exception.Message.Split(" : '")[0].TrimEnd('.')}.", exception);
        }
    }
}
