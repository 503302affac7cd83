using System.Globalization;
using WanSharp.Media.Ffmpeg;
using WanSharp.Media.Metadata;
using WanSharp.Tensors;

namespace WanSharp.Media.Clips;

/// <summary>
/// Writes frames to a clip. It grows in a hidden folder next to its place and moves there, in one rename, when all went well;
/// whatever else happens (failure, cancellation, disposal before completion) leaves nothing behind.
/// </summary>
/// <remarks>
/// Not thread-safe. Holds one frame at most: a write waits until the encoder has taken it, so memory does not grow with the clip
/// (except gif, where ffmpeg keeps the frames until it knows their palette). The same frames give the same file.
/// </remarks>
public sealed class VideoWriter : IFrameWriter
{
    /// <summary>The longest settings that fit a command line on every system, in UTF-16 characters.</summary>
    public const int MaxSettingsLength = 24_000;

    private const string WorkName = "clip"; // in the user's name, a colon or a percent sign would mean something to ffmpeg

    private readonly OutputTarget _target;
    private readonly ClipFormat _format;
    private readonly string? _settings;
    private readonly OutputPlace _place;
    private readonly WorkFolder _work;
    private readonly IClipEncoder _encoder;
    private int _written;

    private VideoWriter(
        string? ffmpeg,
        OutputTarget target,
        ClipFormat format,
        string? settings,
        IReadOnlyList<ClipChapter> chapters,
        OutputPlace place,
        WorkFolder work
    )
    {
        (_target, _format, _settings, _place, _work) = (target, format, settings, place, work);
        _encoder = target.Kind switch
        {
            OutputKind.WebP => new WebpEncoder(format, place.Failure, work[WorkName], settings),
            OutputKind.ContactSheet => new SheetEncoder(format, place.Failure, work[WorkName], work["pixels"]),
            OutputKind.PngSequence => new PngEncoder(format, place.Failure, number => work[PictureName(number)]),
            _ => new FfmpegEncoder(
                FfmpegProcess.Start(
                    FfmpegRequired.Of(ffmpeg, $"{target.Shown} is written"),
                    EncoderArguments.For(
                        target.Kind,
                        format,
                        WorkName,
                        settings,
                        ClipChapter.WriteInto(work, target.Kind, format, chapters)
                    ),
                    work.Path
                ),
                place.Failure
            ),
        };
    }

    /// <summary>
    /// Finds out whether a clip can be written, before it is computed: whether its folder is there and takes a file of that name,
    /// and whether what is there is a file that may be replaced.
    /// </summary>
    /// <param name="target">Where the clip goes.</param>
    /// <exception cref="MediaException">It cannot.</exception>
    public static void Require(OutputTarget target)
    {
        ArgumentNullException.ThrowIfNull(target);
        OutputPlace.Find(target).MakeWorkFolder().Dispose();
    }

    /// <summary>
    /// Opens a clip for writing: finds out at once whether its folder can be written, and whether ffmpeg runs if it is needed.
    /// </summary>
    /// <param name="ffmpeg">The program, from <see cref="FfmpegLocator"/>, for mp4, webm and gif; null for none.</param>
    /// <param name="target">Where the clip goes. A folder for a sequence is made; other folders must be there. A file is replaced; of
    /// a link, the file that it leads to.</param>
    /// <param name="format">The clip's measures.</param>
    /// <param name="settings">A JSON object that <see cref="MetadataReader"/> finds again, up to <see cref="MaxSettingsLength"/>; or
    /// null.</param>
    /// <param name="chapters">Where parts of the clip begin, for formats that have chapters: mp4, webm, mkv. Others leave them out.</param>
    /// <exception cref="ArgumentException">The measures are out of range, or the settings too long.</exception>
    /// <exception cref="MediaException">The folder is missing or cannot be written, or ffmpeg does not start.</exception>
    public static VideoWriter Create(
        string? ffmpeg,
        OutputTarget target,
        ClipFormat format,
        string? settings,
        IReadOnlyList<ClipChapter>? chapters = null
    )
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(format);
        format.Validate();
        if (settings is { Length: > MaxSettingsLength })
        {
            throw new ArgumentException(
                $"The settings have {settings.Length} characters, but {MaxSettingsLength} fit into the clip: shorten the prompt.",
                nameof(settings)
            );
        }

        var place = OutputPlace.Find(target);
        place.RequireRoomFor(format.Frames);
        var work = place.MakeWorkFolder();
        try
        {
            return new VideoWriter(ffmpeg, target, format, settings, chapters ?? [], place, work);
        }
        catch
        {
            work.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The frame has not the length of the format's.</exception>
    /// <exception cref="InvalidOperationException">All frames were written.</exception>
    public async Task WriteAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellationToken)
    {
        if (frame.Length != _format.FrameBytes)
        {
            throw new ArgumentException(
                $"A frame of {frame.Length} bytes is not {_format.Width}×{_format.Height} pixels of 3 bytes.",
                nameof(frame)
            );
        }

        if (_written == _format.Frames)
        {
            throw new InvalidOperationException($"The clip has all its {_format.Frames} frames.");
        }

        await _encoder.WriteAsync(frame, cancellationToken).ConfigureAwait(false);
        _written++;
    }

    /// <summary>Finishes the clip after its last frame. Only then does it exist under its name.</summary>
    /// <param name="cancellationToken">Gives the clip up.</param>
    /// <exception cref="MediaException">The clip cannot be written.</exception>
    /// <exception cref="InvalidOperationException">Frames are missing.</exception>
    public async Task CompleteAsync(CancellationToken cancellationToken = default)
    {
        if (_written != _format.Frames)
        {
            throw new InvalidOperationException($"{_written} of {_format.Frames} frames were written.");
        }

        await _encoder.FinishAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_target.Kind == OutputKind.PngSequence)
            {
                Directory.CreateDirectory(_place.Folder);
                for (var number = 1; number <= _format.Frames; number++)
                {
                    await PlaceAsync(PictureName(number), _target.NameOf(number), cancellationToken).ConfigureAwait(false);
                }
            }
            else
            {
                await PlaceAsync(WorkName, _place.Name, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is not MediaException and (IOException or UnauthorizedAccessException))
        {
            throw new MediaException($"{Failure}: {exception.Message}", exception);
        }
    }

    /// <summary>Ends the encoder if it still runs, and removes whatever is unfinished.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await _encoder.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A file that is given up cannot be written, as on a full disk: why, the frames have said.
        }
        finally
        {
            _work.Dispose();
        }
    }

    private string Failure => _place.Failure;

    private static string PictureName(int number) => string.Create(CultureInfo.InvariantCulture, $"{number}.png");

    private async Task PlaceAsync(string workName, string name, CancellationToken cancellationToken)
    {
        var file = _work[workName];
        if (FileFacts.Of(file) is not { Exists: true, Length: > 0 })
        {
            throw new MediaException($"{Failure}: {(WithoutFfmpeg.CanWrite(_target.Kind) ? "Skia" : "ffmpeg")} wrote nothing");
        }

        if (_settings is not null && _target.Kind is OutputKind.Gif)
        {
            await GifComment.AddAsync(file, _settings, cancellationToken).ConfigureAwait(false);
        }
        else if (_settings is not null && _target.Kind is OutputKind.ContactSheet or OutputKind.PngSequence)
        {
            await PngText.AddAsync(file, _settings, cancellationToken).ConfigureAwait(false);
        }

        AtomicFile.Publish(file, Path.Combine(_place.Folder, name), overwrite: true);
    }
}
