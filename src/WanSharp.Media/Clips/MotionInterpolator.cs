using System.Globalization;
using System.Runtime.CompilerServices;
using WanSharp.Media.Ffmpeg;

namespace WanSharp.Media.Clips;

/// <summary>Frames at another rate, by ffmpeg's estimate of how blocks of pixels move (<c>minterpolate</c>).</summary>
public static class MotionInterpolator
{
    // It looks ahead: as many copies of the last frame, and all frames that are wanted come out.
    private const int Copies = 8;

    private const int Colors = 3;

    /// <summary>Frames at another rate: the first at the time of the first, then at equal distances.</summary>
    /// <param name="ffmpeg">The program; null for none.</param>
    /// <param name="from">The frames that are given: width, height, frames per second.</param>
    /// <param name="fps">The frames per second that are wanted.</param>
    /// <param name="frames">The frames, as rgb24.</param>
    /// <param name="cancellationToken">Ends ffmpeg.</param>
    /// <returns>Frames as rgb24, some more than the clip has: how many are wanted is up to the caller.</returns>
    /// <exception cref="MediaException">ffmpeg does not start, or fails.</exception>
    public static async IAsyncEnumerable<byte[]> InterpolateAsync(
        string? ffmpeg,
        ClipFormat from,
        double fps,
        IAsyncEnumerable<byte[]> frames,
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(frames);
        var invariant = CultureInfo.InvariantCulture;
        string[] input =
        [
            "-f",
            "rawvideo",
            "-pixel_format",
            "rgb24",
            "-video_size",
            string.Create(invariant, $"{from.Width}x{from.Height}"),
        ];
        string[] rate = ["-framerate", from.Fps.ToString(invariant), "-i", "pipe:0"];
        // In full colour, for the halved planes of video would blur what is still.
        var filter = string.Create(
            invariant,
            $"format=yuv444p,minterpolate=fps={fps}:mi_mode=mci:mc_mode=aobmc:me_mode=bidir:vsbmc=1,format=rgb24"
        );
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var process = FfmpegProcess.Start(
            FfmpegRequired.Of(ffmpeg, "frames are interpolated"),
            [.. input, .. rate, "-vf", filter, "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"]
        );
        await using (process.ConfigureAwait(false))
        {
            using var registration = process.KillOn(stop.Token);
            var writing = WriteAsync(process, frames, stop.Token);
            try
            {
                var bytes = checked(Colors * from.Width * from.Height);
                while (true)
                {
                    var frame = new byte[bytes];
                    var read = await process
                        .Output.ReadAtLeastAsync(frame, bytes, throwOnEndOfStream: false, CancellationToken.None)
                        .ConfigureAwait(false);
                    if (read < bytes)
                    {
                        break;
                    }

                    yield return frame;
                }

                await writing.ConfigureAwait(false);
                await process.FinishAsync("frames cannot be interpolated", cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                await stop.CancelAsync().ConfigureAwait(false); // no effect when all is written
                await writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Gives ffmpeg all frames, and the last one some times more.</summary>
    private static async Task WriteAsync(FfmpegProcess process, IAsyncEnumerable<byte[]> frames, CancellationToken cancellationToken)
    {
        try
        {
            byte[] last = [];
            await foreach (var frame in frames.WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                await process.Input.WriteAsync(frame, cancellationToken).ConfigureAwait(false);
                last = frame;
            }

            for (var copy = 0; copy < Copies; copy++)
            {
                await process.Input.WriteAsync(last, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (IOException)
        {
            // It ended before it read everything; its exit code and last words tell why.
        }
        finally
        {
            process.CloseInput();
        }
    }
}
