using System.IO.MemoryMappedFiles;
using SkiaSharp;

namespace WanSharp.Media.Clips;

/// <summary>
/// Writes all frames into one PNG, row by row. The picture grows in a file, so that memory does not grow with the clip.
/// </summary>
internal sealed class SheetEncoder : SkiaEncoder
{
    /// <summary>How much wider than high a contact sheet wants to be.</summary>
    private const double Aspect = 1.6;

    private readonly string _path;
    private readonly SKImageInfo _sheet;
    private readonly int _columns;
    private readonly FileStream _pixels;

    /// <summary>Begins a sheet.</summary>
    /// <param name="format">The frames' measures.</param>
    /// <param name="failure">How messages begin.</param>
    /// <param name="path">The PNG.</param>
    /// <param name="pixels">Where the picture grows; the file is removed at the end.</param>
    public SheetEncoder(ClipFormat format, string failure, string path, string pixels)
        : base(format, failure)
    {
        _path = path;
        var ideal = Math.Sqrt(format.Frames * Aspect * format.Height / format.Width);
        _columns = Math.Clamp((int)Math.Round(ideal), 1, format.Frames);
        var rows = (format.Frames + _columns - 1) / _columns;
        _sheet = new SKImageInfo(checked(_columns * format.Width), checked(rows * format.Height), SKColorType.Rgba8888, SKAlphaType.Opaque);
        _pixels = new FileStream(
            pixels,
            FileMode.CreateNew,
            FileAccess.ReadWrite,
            FileShare.Delete,
            bufferSize: 0,
            FileOptions.DeleteOnClose
        );
    }

    private long RowBytes => (long)_sheet.Width * Channels;

    protected override async Task EncodeAsync(byte[] pixels, int number, CancellationToken cancellationToken)
    {
        var (row, column) = Math.DivRem(number - 1, _columns);
        var width = Format.Width * Channels;
        for (var y = 0; y < Format.Height; y++)
        {
            await RandomAccess
                .WriteAsync(
                    _pixels.SafeFileHandle,
                    pixels.AsMemory(y * width, width),
                    ((((long)row * Format.Height) + y) * RowBytes) + ((long)column * width),
                    cancellationToken
                )
                .ConfigureAwait(false);
        }
    }

    protected override async Task CompleteAsync(CancellationToken cancellationToken)
    {
        _pixels.SetLength(RowBytes * _sheet.Height); // cells without a frame are black
        await File.WriteAllBytesAsync(_path, EncodeSheet(), cancellationToken).ConfigureAwait(false);
    }

    protected override ValueTask CloseAsync() => _pixels.DisposeAsync();

    private unsafe byte[] EncodeSheet()
    {
        using var map = MemoryMappedFile.CreateFromFile(
            _pixels,
            mapName: null,
            capacity: 0,
            MemoryMappedFileAccess.Read,
            HandleInheritability.None,
            leaveOpen: true
        );
        using var view = map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        byte* first = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref first);
        try
        {
            using var pixmap = new SKPixmap(_sheet, (nint)first, checked((int)RowBytes));
            return BytesOf(pixmap.Encode(SKPngEncoderOptions.Default));
        }
        finally
        {
            view.SafeMemoryMappedViewHandle.ReleasePointer();
        }
    }
}
