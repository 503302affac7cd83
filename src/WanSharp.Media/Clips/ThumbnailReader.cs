using System.Globalization;
using WanSharp.Media.Ffmpeg;

namespace WanSharp.Media.Clips;

/// <summary>Makes small pictures of clips. Thread-safe: each call runs an ffmpeg of its own.</summary>
public static class ThumbnailReader
{
    /// <summary>A frame that is typical of a clip, as JPEG.</summary>
    /// <param name="ffmpeg">The program, from <see cref="FfmpegLocator"/>.</param>
    /// <param name="path">The clip, or a picture.</param>
    /// <param name="width">Pixels across, even; the height follows.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="MediaException">There is no such file, it is no clip, or damaged.</exception>
    public static async Task<byte[]> ReadAsync(string ffmpeg, string path, int width, CancellationToken cancellationToken)
    {
        MediaFile.Require(path);
        var filters = string.Create(CultureInfo.InvariantCulture, $"thumbnail=24,scale={width}:-2:flags=area");
        await using var process = FfmpegProcess.Start(
            ffmpeg,
            [
                .. VideoReader.InputArguments(path),
                "-map",
                "0:v:0",
                "-vf",
                filters,
                "-frames:v",
                "1",
                "-c:v",
                "mjpeg",
                "-q:v",
                "4",
                "-f",
                "image2pipe",
                "pipe:1",
            ]
        );
        using var registration = process.KillOn(cancellationToken);
        process.CloseInput();
        using var picture = new MemoryStream();
        await process.Output.CopyToAsync(picture, cancellationToken).ConfigureAwait(false);
        await process.FinishAsync($"{path} is no clip that can be read", cancellationToken).ConfigureAwait(false);
        return picture.Length > 0 ? picture.ToArray() : throw new MediaException($"{path} is no clip that can be read: it holds no frame.");
    }
}
