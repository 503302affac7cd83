using System.Globalization;
using System.Text;
using WanSharp.Media.Ffmpeg;
using WanSharp.Tensors;

namespace WanSharp.Media.Clips;

/// <summary>
/// Puts clips that <see cref="VideoWriter"/> wrote one after the other into one file. Nothing is encoded again: the file has the frames of
/// the clips, to the bit.
/// </summary>
public static class ClipJoiner
{
    /// <summary>The fewest frames of a clip that can be joined: H.264's first frames are decoded two frames ahead, and a shorter clip has
    /// not as many.</summary>
    public const int FewestFrames = 3;

    private const string ListName = "list";
    private const string WorkName = "clip";

    /// <summary>Whether clips of a format can be joined.</summary>
    /// <param name="kind">The format.</param>
    public static bool CanJoin(OutputKind kind) => kind is OutputKind.Mp4 or OutputKind.WebM or OutputKind.Lossless;

    /// <summary>Joins clips.</summary>
    /// <param name="ffmpeg">The program, which wrote them.</param>
    /// <param name="target">Where the whole goes; a file there is replaced.</param>
    /// <param name="format">The measures of the whole.</param>
    /// <param name="pieces">The clips and how many frames each has.</param>
    /// <param name="settings">What the whole embeds, as for <see cref="VideoWriter"/>; or null.</param>
    /// <param name="chapters">Where parts of the whole begin.</param>
    /// <param name="cancellationToken">Gives it up; nothing is left behind then.</param>
    /// <exception cref="MediaException">A clip cannot be read, or the whole cannot be written.</exception>
    public static async Task JoinAsync(
        string? ffmpeg,
        OutputTarget target,
        ClipFormat format,
        IReadOnlyList<(string Path, int Frames)> pieces,
        string? settings,
        IReadOnlyList<ClipChapter> chapters,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(format);
        ArgumentNullException.ThrowIfNull(pieces);
        ArgumentNullException.ThrowIfNull(chapters);
        ffmpeg = FfmpegRequired.Of(ffmpeg, $"{target.Shown} is written");
        var place = OutputPlace.Find(target);
        using var work = place.MakeWorkFolder();
        try
        {
            await File.WriteAllTextAsync(work[ListName], List(pieces, format.Fps), cancellationToken).ConfigureAwait(false);
            var kept = ClipChapter.WriteInto(work, target.Kind, format, chapters);
            var process = FfmpegProcess.Start(
                ffmpeg,
                EncoderArguments.ForJoining(target.Kind, ListName, WorkName, settings, kept),
                work.Path
            );
            await using (process.ConfigureAwait(false))
            {
                await process.FinishAsync(place.Failure, cancellationToken).ConfigureAwait(false);
            }

            AtomicFile.Publish(work[WorkName], Path.Combine(place.Folder, place.Name), overwrite: true);
        }
        catch (Exception exception) when (exception is not MediaException and (IOException or UnauthorizedAccessException))
        {
            throw new MediaException($"{place.Failure}: {exception.Message}", exception);
        }
    }

    /// <summary>The clips in ffmpeg's form, with their lengths: those that files state are rounded.</summary>
    private static string List(IReadOnlyList<(string Path, int Frames)> pieces, double fps)
    {
        var text = new StringBuilder("ffconcat version 1.0\n");
        foreach (var (path, frames) in pieces)
        {
            var quoted = Path.GetFullPath(path).Replace("'", @"'\''", StringComparison.Ordinal);
            text.Append(CultureInfo.InvariantCulture, $"file 'file:{quoted}'\nduration {frames / fps:0.######}\n");
        }

        return text.ToString();
    }
}
