using System.Runtime.CompilerServices;
using WanSharp.Media.Ffmpeg;
using WanSharp.Media.Images;
using WanSharp.Media.Metadata;

namespace WanSharp.Media.Clips;

/// <summary>Decodes a clip to frames. Thread-safe: each enumeration decodes on its own.</summary>
public static class VideoReader
{
    private const long MaxWebpLength = 1L << 30;

    /// <summary>All frames, in order, one at a time.</summary>
    /// <param name="ffmpeg">The program, from <see cref="FfmpegLocator"/>, which reads all but WebP; null for none.</param>
    /// <param name="path">The clip: mp4, webm, gif, webp, …</param>
    /// <param name="cancellationToken">Ends the decoding.</param>
    /// <exception cref="MediaException">There is no such file, or it is not a clip, or damaged.</exception>
    public static async IAsyncEnumerable<RgbImage> ReadAsync(
        string? ffmpeg,
        string path,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        MediaFile.Require(path);
        var frames = WebpFile.IsOne(await MediaFile.ReadStartAsync(path, cancellationToken).ConfigureAwait(false))
            ? ReadWebpAsync(path, cancellationToken)
            : ReadWithFfmpegAsync(FfmpegRequired.Of(ffmpeg, $"{path} is read"), path, cancellationToken);
        await foreach (var frame in frames.ConfigureAwait(false))
        {
            yield return frame;
        }
    }

    private static async IAsyncEnumerable<RgbImage> ReadWebpAsync(string path, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var purpose = $"{path} cannot be read as a clip";
        var file = await MediaFile.ReadAllAsync(path, MaxWebpLength, purpose, cancellationToken).ConfigureAwait(false);
        using var picture = SkiaPicture.Open(file, purpose);
        foreach (var frame in picture.DecodeAll())
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return frame;
        }
    }

    private static async IAsyncEnumerable<RgbImage> ReadWithFfmpegAsync(
        string ffmpeg,
        string path,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        // New timestamps, 1000 seconds a frame: ffmpeg neither drops nor doubles one to keep the rate or to fill the end.
        string[] filters = ["-map", "0:v:0", "-vf", "setpts=1000*N/TB", "-r", "1/1000"];
        var process = FfmpegProcess.Start(ffmpeg, [.. FfmpegInput.Arguments(path), .. filters, .. PpmStream.OutputArguments]);
        await using (process.ConfigureAwait(false))
        {
            using var registration = process.KillOn(cancellationToken);
            process.CloseInput();
            while (await PpmStream.ReadAsync(process.Output, path).ConfigureAwait(false) is { } frame)
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return frame;
            }

            await process.FinishAsync($"{path} cannot be read as a clip", cancellationToken).ConfigureAwait(false);
        }
    }
}
