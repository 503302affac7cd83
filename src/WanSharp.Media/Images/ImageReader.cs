using WanSharp.Media.Clips;
using WanSharp.Media.Ffmpeg;
using WanSharp.Media.Metadata;

namespace WanSharp.Media.Images;

/// <summary>Reads pictures through ffmpeg. Thread-safe.</summary>
public static class ImageReader
{
    private const long MaxFileLength = 256L << 20;

    /// <summary>How much of a file tells what it is.</summary>
    private const int StartLength = 16;

    /// <summary>
    /// Decodes a png, jpeg, webp, bmp, tiff or gif (its first picture), told by content; transparency is dropped, as in the
    /// official pipelines. A picture is turned as its camera was held. One that ends early is none.
    /// </summary>
    /// <param name="ffmpeg">The program, from <see cref="FfmpegLocator"/>.</param>
    /// <param name="path">The file: at most 256 MiB and <see cref="RgbImage.MaxPixels"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="MediaException">There is no such file, it is no picture, too large, or damaged.</exception>
    public static async Task<RgbImage> ReadAsync(string ffmpeg, string path, CancellationToken cancellationToken)
    {
        var purpose = $"{path} is no picture that can be read";
        var (start, orientation) = await ReadStartAsync(path, cancellationToken).ConfigureAwait(false);
        var decoder = DecoderFor(start) ?? throw new MediaException($"{purpose}: png, jpeg, webp, bmp, tiff and gif are.");

        // The decoder is named, so that nobody's file makes ffmpeg open a playlist; "file:" and no pattern, so that a
        // colon or a percent sign in the path means nothing.
        await using var process = FfmpegProcess.Start(
            ffmpeg,
            [
                "-protocol_whitelist",
                "file",
                "-max_pixels",
                PpmStream.MaxPixelsArgument,
                "-noautorotate",
                "-f",
                "image2",
                "-pattern_type",
                "none",
                "-c:v",
                decoder,
                "-i",
                "file:" + Path.GetFullPath(path),
                "-frames:v",
                "1",
                .. PpmStream.OutputArguments,
            ]
        );
        using var registration = process.KillOn(cancellationToken);
        process.CloseInput();
        var image = await PpmStream.ReadAsync(process.Output, path).ConfigureAwait(false);
        await process.FinishAsync(purpose, cancellationToken).ConfigureAwait(false);
        return ExifOrientation.Apply(image ?? throw new MediaException($"{purpose}: it holds no pixels."), orientation);
    }

    private static async Task<(byte[] Start, int Orientation)> ReadStartAsync(string path, CancellationToken cancellationToken)
    {
        MediaFile.Require(path);
        try
        {
            await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 16);
            if (file.Length > MaxFileLength)
            {
                throw new MediaException($"{path} is too large for a picture: {file.Length} bytes, and {MaxFileLength} are allowed.");
            }

            var start = new byte[Math.Min(file.Length, StartLength)];
            await file.ReadExactlyAsync(start, cancellationToken).ConfigureAwait(false);
            if (start.AsSpan().StartsWith(GifComment.Signature))
            {
                file.Position = 0;
                GifComment.RequirePicture(file, path);
            }
            else if (start is [0xFF, 0xD8, ..])
            {
                JpegEnd.Require(file);
            }

            return (start, ExifOrientation.Read(file));
        }
        catch (EndOfStreamException exception)
        {
            throw new MediaException($"{path} is no picture that can be read: it ends early. Is it complete?", exception);
        }
        catch (Exception exception) when (exception is not MediaException and (IOException or UnauthorizedAccessException))
        {
            throw new MediaException($"{path} cannot be read: {exception.Message}", exception);
        }
    }

    /// <summary>ffmpeg's name of the decoder for a file that begins so.</summary>
    private static string? DecoderFor(ReadOnlySpan<byte> start) =>
        start switch
        {
            _ when start.StartsWith(PngText.Signature) => "png",
            [0xFF, 0xD8, 0xFF, ..] => "mjpeg",
            [(byte)'R', (byte)'I', (byte)'F', (byte)'F', _, _, _, _, (byte)'W', (byte)'E', (byte)'B', (byte)'P', ..] => "webp",
            [(byte)'B', (byte)'M', ..] => "bmp",
            [(byte)'I', (byte)'I', 42, 0, ..] or [(byte)'M', (byte)'M', 0, 42, ..] => "tiff",
            _ when start.StartsWith(GifComment.Signature) => "gif",
            _ => null,
        };
}
