using SkiaSharp;

namespace WanSharp.Media.Clips;

/// <summary>Writes one PNG per frame: <c>1.png</c> and so on.</summary>
/// <param name="format">The frames' measures.</param>
/// <param name="failure">How messages begin.</param>
/// <param name="pathOf">The file of a frame, numbered from 1.</param>
internal sealed class PngEncoder(ClipFormat format, string failure, Func<int, string> pathOf) : SkiaEncoder(format, failure)
{
    protected override Task EncodeAsync(byte[] pixels, int number, CancellationToken cancellationToken) =>
        File.WriteAllBytesAsync(pathOf(number), Encode(pixels, pixmap => pixmap.Encode(SKPngEncoderOptions.Default)), cancellationToken);
}
