using System.Runtime.CompilerServices;
using WanSharp.Media.Ffmpeg;
using WanSharp.Media.Images;
using WanSharp.Media.Metadata;

namespace WanSharp.Media.Clips;

/// <summary>Decodes a clip to frames. Thread-safe: each enumeration decodes on its own.</summary>
public static class VideoReader
{
    private const long MaxWebpLength = 1L << 30;

    /// <summary>Seconds that a frame's end may be off: WebP counts in milliseconds.</summary>
    private const double Rounding = 0.0015;

    /// <summary>New timestamps, 1000 seconds a frame: ffmpeg neither drops nor doubles one to keep the rate or to fill the end.</summary>
    private static readonly string[] AllFrames = ["-map", "0:v:0", "-vf", "setpts=1000*N/TB", "-r", "1/1000"];

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
            : ReadWithFfmpegAsync(FfmpegRequired.Of(ffmpeg, $"{path} is read"), path, [], AllFrames, cancellationToken);
        await foreach (var frame in frames.ConfigureAwait(false))
        {
            yield return frame;
        }
    }

    /// <summary>The frames of a part of a clip, at a frame rate of the caller's, one at a time.</summary>
    /// <param name="ffmpeg">The program, from <see cref="FfmpegLocator"/>, which reads all but WebP; null for none.</param>
    /// <param name="path">The clip.</param>
    /// <param name="cut">What of it.</param>
    /// <param name="cancellationToken">Ends the decoding.</param>
    /// <exception cref="MediaException">There is no such file, it is not a clip, or damaged; or the part is empty or too long.</exception>
    public static async IAsyncEnumerable<RgbImage> ReadAsync(
        string? ffmpeg,
        string path,
        ClipCut cut,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(cut);
        MediaFile.Require(path);
        var isWebp = WebpFile.IsOne(await MediaFile.ReadStartAsync(path, cancellationToken).ConfigureAwait(false));
        if (!isWebp)
        {
            await ClipColours.RequireAsync(FfmpegRequired.Of(ffmpeg, $"{path} is read"), path, cancellationToken).ConfigureAwait(false);
        }

        var frames = isWebp
            ? ReadWebpAsync(path, cut, cancellationToken)
            : ReadWithFfmpegAsync(
                FfmpegRequired.Of(ffmpeg, $"{path} is read"),
                path,
                Cutting(cut),
                ["-map", "0:v:0", "-vf", Text($"fps={cut.Fps}:round=up"), "-frames:v", Text($"{cut.MostFrames + 1}")],
                cancellationToken
            );
        var count = 0;
        await foreach (var frame in frames.ConfigureAwait(false))
        {
            if (++count > cut.MostFrames)
            {
                throw new MediaException(
                    Text(
                        $"{path} has more than the {cut.MostFrames} frames at {cut.Fps} a second that are taken at most: take a part of it."
                    )
                );
            }

            yield return frame;
        }

        if (count == 0)
        {
            throw new MediaException(Text($"{path} has no frame from {cut.From} s on: it is shorter."));
        }
    }

    /// <summary>The rate of an animated WebP.</summary>
    internal static async Task<FrameRate> WebpRateAsync(string path, CancellationToken cancellationToken)
    {
        var purpose = $"{path} cannot be read as a clip";
        var file = await MediaFile.ReadAllAsync(path, MaxWebpLength, purpose, cancellationToken).ConfigureAwait(false);
        using var picture = SkiaPicture.Open(file, purpose);
        var durations = picture.Durations.ToList();
        return ClipFacts.RateOf(durations.Count, durations.Sum());
    }

    /// <summary>The options before the input, which seek and stop there.</summary>
    private static string[] Cutting(ClipCut cut) =>
        [
            .. cut.From > 0 ? (string[])["-ss", Text($"{cut.From:0.######}")] : [],
            .. cut.To is { } to ? (string[])["-t", Text($"{to - cut.From:0.######}")] : [],
        ];

    private static string Text(FormattableString text) => FormattableString.Invariant(text);

    private static async IAsyncEnumerable<RgbImage> ReadWebpAsync(
        string path,
        ClipCut cut,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var purpose = $"{path} cannot be read as a clip";
        var file = await MediaFile.ReadAllAsync(path, MaxWebpLength, purpose, cancellationToken).ConfigureAwait(false);
        using var picture = SkiaPicture.Open(file, purpose);
        var (time, next) = (0.0, 0); // when a frame begins, and the number of the one to take next
        foreach (var (frame, seconds) in picture.DecodeAll().Zip(picture.Durations))
        {
            cancellationToken.ThrowIfCancellationRequested();
            time += seconds;
            while (At(next) < Math.Min(time, cut.To ?? time) - Rounding)
            {
                next++;
                yield return frame;
            }
        }

        double At(int number) => cut.From + (number / cut.Fps);
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
        string[] cutting,
        string[] filters,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var process = FfmpegProcess.Start(ffmpeg, [.. cutting, .. FfmpegInput.Arguments(path), .. filters, .. PpmStream.OutputArguments]);
        await using (process.ConfigureAwait(false))
        {
            using var registration = process.KillOn(cancellationToken);
            process.CloseInput();
            while (await PpmStream.ReadAsync(process.Output, path).ConfigureAwait(false) is { } frame)
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return frame;
            }

            await process.FinishReadingAsync(path, cancellationToken).ConfigureAwait(false);
        }
    }
}
