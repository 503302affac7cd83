using System.Buffers.Binary;
using SkiaSharp;
using WanSharp.Media.Metadata;

namespace WanSharp.Media.Clips;

/// <summary>
/// Writes an animated WebP that plays in a loop: Skia encodes each frame as it comes, and the animation is put around them (RFC
/// 9649). Skia's own encoder of animations takes all frames at once and twice the time, for files as large.
/// </summary>
internal sealed class WebpEncoder : SkiaEncoder
{
    private const byte Animated = 0x02,
        HasXmp = 0x04,
        DoesNotBlend = 0x02;
    private const int FrameHeadLength = 16;
    private const int MaxDuration = (1 << 24) - 1;

    private readonly string _failure;
    private readonly string? _settings;
    private readonly FileStream _file;
    private readonly SKWebpEncoderOptions _options;

    /// <summary>Begins a file.</summary>
    /// <param name="format">The frames' measures.</param>
    /// <param name="failure">How messages begin.</param>
    /// <param name="path">The file.</param>
    /// <param name="settings">What the file says of itself, or null.</param>
    /// <exception cref="MediaException">Frames are larger than the format has room for.</exception>
    public WebpEncoder(ClipFormat format, string failure, string path, string? settings)
        : base(format, failure)
    {
        if (Math.Max(format.Width, format.Height) > WebpFile.MaxSide)
        {
            throw new MediaException($"{failure}: sides of a WebP have at most {WebpFile.MaxSide} pixels. Ask for another format.");
        }

        (_failure, _settings) = (failure, settings);
        _options = new SKWebpEncoderOptions(SKWebpEncoderCompression.Lossy, format.IsSmall ? 95 : 90);
        _file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1 << 16);
    }

    protected override async Task EncodeAsync(byte[] pixels, int number, CancellationToken cancellationToken)
    {
        if (number == 1)
        {
            await WriteHeadAsync(cancellationToken).ConfigureAwait(false);
        }

        var still = Encode(pixels, pixmap => pixmap.Encode(_options));
        var head = new byte[FrameHeadLength]; // its place, 0 and 0, comes first: in units of two pixels, 24 bits each
        WriteSize(head.AsSpan(6));
        Write24(head.AsSpan(12), Math.Clamp(TimeOf(number) - TimeOf(number - 1), 1, MaxDuration));
        head[15] = DoesNotBlend;
        await WebpFile
            .WriteChunkAsync(_file, "ANMF"u8.ToArray(), [head, WebpFile.PixelsOf(still)], cancellationToken)
            .ConfigureAwait(false);
    }

    protected override async Task CompleteAsync(CancellationToken cancellationToken)
    {
        if (_settings is not null)
        {
            await WebpFile
                .WriteChunkAsync(_file, "XMP "u8.ToArray(), [XmpPacket.Write(_settings)], cancellationToken)
                .ConfigureAwait(false);
        }

        await _file.FlushAsync(cancellationToken).ConfigureAwait(false);
        if (_file.Length > uint.MaxValue)
        {
            throw new MediaException($"{_failure}: it is longer than a WebP can be. Ask for another format.");
        }

        var length = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(length, (uint)(_file.Length - 8));
        _file.Position = 4;
        await _file.WriteAsync(length, cancellationToken).ConfigureAwait(false);
        await _file.DisposeAsync().ConfigureAwait(false);
    }

    protected override ValueTask CloseAsync() => _file.DisposeAsync();

    private async Task WriteHeadAsync(CancellationToken cancellationToken)
    {
        await _file.WriteAsync("RIFF\0\0\0\0WEBP"u8.ToArray(), cancellationToken).ConfigureAwait(false); // the length comes last
        var canvas = new byte[10];
        canvas[0] = _settings is null ? Animated : (byte)(Animated | HasXmp);
        WriteSize(canvas.AsSpan(4));
        await WebpFile.WriteChunkAsync(_file, "VP8X"u8.ToArray(), [canvas], cancellationToken).ConfigureAwait(false);
        byte[] animation = [255, 255, 255, 255, 0, 0]; // a white ground that is never seen; plays for ever
        await WebpFile.WriteChunkAsync(_file, "ANIM"u8.ToArray(), [animation], cancellationToken).ConfigureAwait(false);
    }

    /// <summary>When a frame ends, in milliseconds: what rounding takes from one, the next gets.</summary>
    private int TimeOf(int number) => (int)Math.Min(int.MaxValue, Math.Round(number * 1000.0 / Format.Fps));

    private void WriteSize(Span<byte> bytes)
    {
        Write24(bytes, Format.Width - 1);
        Write24(bytes[3..], Format.Height - 1);
    }

    private static void Write24(Span<byte> bytes, int value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)value);
        bytes[2] = (byte)(value >> 16);
    }
}
