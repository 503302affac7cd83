using System.Runtime.CompilerServices;
using WanSharp.Media.Ffmpeg;
using WanSharp.Media.Images;

namespace WanSharp.Media.Clips;

/// <summary>Decodes a clip to frames. Thread-safe: each enumeration runs an ffmpeg of its own.</summary>
public static class VideoReader
{
    /// <summary>The containers and pictures that are taken for clips: none that names other files or addresses.</summary>
    private const string Containers = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,gif,png_pipe,apng,avi,mpegts";

    /// <summary>All frames, in order, one at a time.</summary>
    /// <param name="ffmpeg">The program, from <see cref="FfmpegLocator"/>.</param>
    /// <param name="path">The clip: mp4, webm, gif, …</param>
    /// <param name="cancellationToken">Ends the decoding.</param>
    /// <exception cref="MediaException">There is no such file, or it is no clip, or damaged.</exception>
    public static async IAsyncEnumerable<RgbImage> ReadAsync(
        string ffmpeg,
        string path,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        MediaFile.Require(path);

        // New timestamps, 1000 seconds a frame: ffmpeg neither drops nor doubles one to keep the rate or to fill the end.
        await using var process = FfmpegProcess.Start(
            ffmpeg,
            [.. InputArguments(path), "-map", "0:v:0", "-vf", "setpts=1000*N/TB", "-r", "1/1000", .. PpmStream.OutputArguments]
        );
        using var registration = process.KillOn(cancellationToken);
        process.CloseInput();
        while (await PpmStream.ReadAsync(process.Output, path).ConfigureAwait(false) is { } frame)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return frame;
        }

        await process.FinishAsync($"{path} is no clip that can be read", cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Opens a file of a stranger: it can make ffmpeg read nothing else, and no frame of over 64 megapixels.</summary>
    internal static string[] InputArguments(string path) =>
        [
            "-protocol_whitelist",
            "file",
            "-format_whitelist",
            Containers,
            "-max_pixels",
            PpmStream.MaxPixelsArgument,
            "-i",
            "file:" + Path.GetFullPath(path),
        ];
}
