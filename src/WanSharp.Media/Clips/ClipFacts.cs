using System.Globalization;
using System.Text;
using WanSharp.Media.Ffmpeg;
using WanSharp.Media.Images;
using WanSharp.Media.Metadata;

namespace WanSharp.Media.Clips;

/// <summary>The measures of a clip that is there, and its frames at its own rate.</summary>
/// <param name="Path">The clip.</param>
/// <param name="Width">Pixels in a row: even, one less than the file's where that is odd.</param>
/// <param name="Height">Rows: even.</param>
/// <param name="Frames">How many frames it has at its rate.</param>
/// <param name="Rate">Its rate. Where frames are shown for different times, each is shown as often as that takes.</param>
public sealed record ClipFacts(string Path, int Width, int Height, int Frames, FrameRate Rate)
{
    private const int MostBytes = 1 << 16;
    private const double Nearly = 0.01; // of a whole rate: WebP counts in milliseconds
    private const double HighestRate = 240;

    /// <summary>Decodes a clip to its end, so that nothing is begun with one that is damaged.</summary>
    /// <param name="ffmpeg">The program, from <see cref="FfmpegLocator"/>, which reads all but WebP; null for none.</param>
    /// <param name="path">The clip.</param>
    /// <param name="mostFrames">The most frames; a longer clip is refused.</param>
    /// <param name="cancellationToken">Ends the decoding.</param>
    /// <exception cref="MediaException">It is not a clip, is damaged or too long, or its frames differ in size.</exception>
    public static async Task<ClipFacts> ReadAsync(string? ffmpeg, string path, int mostFrames, CancellationToken cancellationToken)
    {
        MediaFile.Require(path);
        var rate = WebpFile.IsOne(await MediaFile.ReadStartAsync(path, cancellationToken).ConfigureAwait(false))
            ? await VideoReader.WebpRateAsync(path, cancellationToken).ConfigureAwait(false)
            : await RateAsync(FfmpegRequired.Of(ffmpeg, $"{path} is read"), path, cancellationToken).ConfigureAwait(false);
        if (!(rate.Value is > 0 and <= HighestRate))
        {
            throw new MediaException(
                $"{path} says that it shows {rate} frames a second, which no clip does: write it anew with a rate of its own (ffmpeg -r)."
            );
        }

        var facts = new ClipFacts(path, 0, 0, mostFrames, rate);
        await foreach (var frame in facts.ReadAllAsync(ffmpeg, cancellationToken).ConfigureAwait(false))
        {
            facts =
                facts.Frames == mostFrames && facts.Width == 0
                    ? facts with
                    {
                        Width = frame.Width,
                        Height = frame.Height,
                        Frames = 1,
                    }
                    : facts with
                    {
                        Frames = facts.Frames + 1,
                    };
        }

        return facts;
    }

    /// <summary>The clip's frames, one at a time.</summary>
    /// <param name="ffmpeg">The program that reads it.</param>
    /// <param name="cancellationToken">Ends the decoding.</param>
    /// <exception cref="MediaException">It is damaged, or not what it was.</exception>
    public async IAsyncEnumerable<RgbImage> ReadAllAsync(
        string? ffmpeg,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var cut = new ClipCut(From: 0, To: null, Rate.Value, Frames);
        var size = (Width, Height);
        await foreach (var frame in VideoReader.ReadAsync(ffmpeg, Path, cut, cancellationToken).ConfigureAwait(false))
        {
            var even = frame.CropCentre(frame.Width & ~1, frame.Height & ~1);
            size = size.Width == 0 ? (even.Width, even.Height) : size;
            yield return (even.Width, even.Height) == size
                ? even
                : throw new MediaException(
                    $"{Path} has frames of {size.Width}x{size.Height} and of {even.Width}x{even.Height}: write it anew with one size."
                );
        }
    }

    /// <summary>The rate that ffmpeg gives the frames, as the unit of their times.</summary>
    private static async Task<FrameRate> RateAsync(string ffmpeg, string path, CancellationToken cancellationToken)
    {
        const string Unit = "#tb 0: "; // of a frame's time, in seconds: 1/24
        var process = FfmpegProcess.Start(
            ffmpeg,
            [.. FfmpegInput.Arguments(path), "-map", "0:v:0", "-frames:v", "1", "-f", "framecrc", "pipe:1"]
        );
        await using var processEnd = process.ConfigureAwait(false);
        using var registration = process.KillOn(cancellationToken);
        process.CloseInput();
        var buffer = new byte[MostBytes];
        var length = await process
            .Output.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, CancellationToken.None)
            .ConfigureAwait(false);
        await process.FinishReadingAsync(path, cancellationToken).ConfigureAwait(false);
        var unit = Encoding
            .UTF8.GetString(buffer, 0, length)
            .Split('\n')
            .FirstOrDefault(line => line.StartsWith(Unit, StringComparison.Ordinal))
            ?[Unit.Length..].Split('/');
        return unit is [var seconds, var frames] && Number(seconds) is { } under && Number(frames) is { } over
            ? new FrameRate(over, under)
            : throw new MediaException($"{path} cannot be read as a clip: ffmpeg finds no rate of its frames.");

        static int? Number(string text) =>
            int.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? number : null;
    }

    /// <summary>The rate of frames that take so long together: a whole one if it nearly is.</summary>
    internal static FrameRate RateOf(int frames, double seconds)
    {
        var rate = frames / seconds;
        return Math.Abs(rate - Math.Round(rate)) < Nearly * rate && rate >= 1
            ? new FrameRate((int)Math.Round(rate), 1)
            : new FrameRate(1000 * frames, (int)Math.Round(1000 * seconds));
    }
}
