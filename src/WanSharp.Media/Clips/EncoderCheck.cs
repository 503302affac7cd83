using WanSharp.Media.Ffmpeg;
using WanSharp.Tensors;

namespace WanSharp.Media.Clips;

/// <summary>Finds out whether an ffmpeg can write a format, before a clip is computed for it. Thread-safe.</summary>
public static class EncoderCheck
{
    private const int Side = 64;
    private const string Name = "trial";
    private const int Room = 256 << 10; // many times what the clip takes

    /// <summary>A hundred times what it takes; one on a drive that has gone, or that waits for somebody, never answers.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Writes a clip of two small frames, as clips are written: that asks for the encoder, the container and the filters at once,
    /// whatever list a build gives of what it was made with. A tenth of a second; nothing for formats that ffmpeg does not write.
    /// </summary>
    /// <param name="ffmpeg">The program; null for none.</param>
    /// <param name="kind">The format.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="MediaException">It cannot; the message names the encoder and the way out.</exception>
    public static Task RequireAsync(string? ffmpeg, OutputKind kind, CancellationToken cancellationToken) =>
        RequireAsync(ffmpeg, kind, Patience, cancellationToken);

    /// <inheritdoc cref="RequireAsync(string?, OutputKind, CancellationToken)"/>
    /// <param name="ffmpeg">The program; null for none.</param>
    /// <param name="kind">The format.</param>
    /// <param name="patience">How long it may take.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    internal static async Task RequireAsync(string? ffmpeg, OutputKind kind, TimeSpan patience, CancellationToken cancellationToken)
    {
        if (WithoutFfmpeg.CanWrite(kind))
        {
            return;
        }

        ffmpeg = FfmpegRequired.Of(ffmpeg, $"{NameOf(kind)} is written");
        var format = new ClipFormat(Side, Side, Frames: 2, Fps: 8);
        using var folder = TemporaryFolder();
        if (folder is null)
        {
            return; // no place to try it; the clip itself has one, or says so
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(patience);
        try
        {
            await TryAsync(ffmpeg, kind, format, folder.Path, limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new MediaException(
                $"{ffmpeg} has not written a clip of two frames in {patience.TotalSeconds:0.#} seconds: end what it waits for, or name "
                    + "another ffmpeg with WAN_FFMPEG."
            );
        }
        catch (MediaException) when (!HasRoom(folder.Path))
        {
            // A full disk says nothing of the program.
        }
        catch (MediaException exception)
        {
            throw new MediaException(
                $"{exception.Message.TrimEnd('.')}. Ask for another format ({string.Join(", ", Others(kind))}), or "
                    + "name a complete build of ffmpeg with WAN_FFMPEG.",
                exception
            );
        }
    }

    private static async Task TryAsync(
        string ffmpeg,
        OutputKind kind,
        ClipFormat format,
        string folder,
        CancellationToken cancellationToken
    )
    {
        var process = FfmpegProcess.Start(ffmpeg, EncoderArguments.For(kind, format, Name, settings: "{}"), folder);
        await using (process.ConfigureAwait(false))
        {
            try
            {
                await process.Input.WriteAsync(new byte[format.Frames * format.FrameBytes], cancellationToken).ConfigureAwait(false);
            }
            catch (IOException)
            {
                // It ended before it read everything, and says why.
            }

            await process.FinishAsync($"{ffmpeg} cannot write {NameOf(kind)}", cancellationToken).ConfigureAwait(false);
        }
    }

    private static WorkFolder? TemporaryFolder()
    {
        try
        {
            return WorkFolder.CreateTemporary();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static bool HasRoom(string folder)
    {
        try
        {
            File.WriteAllBytes(Path.Combine(folder, "room"), new byte[Room]);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static string NameOf(OutputKind kind) =>
        kind switch
        {
            OutputKind.Mp4 => ".mp4 (H.264 by libx264)",
            OutputKind.WebM => ".webm (VP9 by libvpx-vp9)",
            OutputKind.Lossless => ".mkv (FFV1)",
            _ => ".gif",
        };

    private static IEnumerable<string> Others(OutputKind kind) =>
        new[] { (OutputKind.Mp4, ".mp4"), (OutputKind.WebM, ".webm"), (OutputKind.Gif, ".gif"), (OutputKind.WebP, ".webp") }
            .Where(one => one.Item1 != kind)
            .Select(one => one.Item2);
}
