using System.Globalization;
using WanSharp.Media;
using WanSharp.Media.Clips;
using WanSharp.Media.Ffmpeg;
using WanSharp.Media.Images;
using WanSharp.Storage;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Films;

/// <summary>
/// Reads clips of the user's for a film: the part that is asked for, at the film's frame rate, scaled to cover the film's size and cut to
/// its middle. One frame is held at a time.
/// </summary>
/// <param name="ffmpeg">The program that reads and writes clips; null for none.</param>
internal sealed class GivenClips(string? ffmpeg)
{
    /// <summary>How many frames a clip has at a rate, and the last of them.</summary>
    /// <param name="clip">The clip.</param>
    /// <param name="fps">Frames per second.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <exception cref="InvalidRequestException">It cannot be read, is too long, or has no frames there.</exception>
    public async Task<(int Frames, RgbImage Last)> LookAsync(GivenClip clip, int fps, CancellationToken cancellationToken)
    {
        try
        {
            var (count, last) = (0, (RgbImage?)null);
            await foreach (var frame in ReadAsync(clip, fps, cancellationToken).ConfigureAwait(false))
            {
                (count, last) = (count + 1, frame);
            }

            return (count, last!);
        }
        catch (MediaException exception)
        {
            throw new InvalidRequestException("clip", exception.Message) { IsOfFile = true };
        }
    }

    /// <summary>Writes a clip as the film shows it, to be read like those that are made.</summary>
    /// <param name="clip">The clip.</param>
    /// <param name="format">The film's measures, and the frames of the clip.</param>
    /// <param name="folder">Where it goes.</param>
    /// <param name="extension">The format that is written.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The file, named by what decides it.</returns>
    public async Task<string> KeepAsync(
        GivenClip clip,
        ClipFormat format,
        string folder,
        string extension,
        CancellationToken cancellationToken
    )
    {
        var key = Digests.OfParts([
            await Digests.OfFileAsync(clip.Path, cancellationToken).ConfigureAwait(false),
            string.Create(CultureInfo.InvariantCulture, $"{clip.From} {clip.To} {format.Width}x{format.Height} {format.Fps}"),
            FfmpegLocator.IdentityOf(ffmpeg),
        ]);
        var path = Path.Combine(folder, key[..16] + extension);
        if (FileFacts.Of(path) is { Exists: true, Length: > 0 })
        {
            return path;
        }

        Directory.CreateDirectory(folder);
        var writer = VideoWriter.Create(ffmpeg, OutputTarget.Parse(path), format, settings: null);
        await using (writer.ConfigureAwait(false))
        {
            await foreach (var frame in ReadAsync(clip, (int)format.Fps, cancellationToken).ConfigureAwait(false))
            {
                var fitted = ImageTensors.Cover(frame, format.Width, format.Height);
                await writer.WriteAsync(fitted.Pixels, cancellationToken).ConfigureAwait(false);
            }

            await writer.CompleteAsync(cancellationToken).ConfigureAwait(false);
        }

        return path;
    }

    private IAsyncEnumerable<RgbImage> ReadAsync(GivenClip clip, int fps, CancellationToken cancellationToken) =>
        VideoReader.ReadAsync(ffmpeg, clip.Path, new ClipCut(clip.From, clip.To, fps, ShownFrames.Most), cancellationToken);
}
