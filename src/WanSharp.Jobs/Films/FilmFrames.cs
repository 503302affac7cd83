using System.Globalization;
using System.Runtime.CompilerServices;
using WanSharp.Media;
using WanSharp.Media.Clips;
using WanSharp.Media.Images;
using WanSharp.Storage;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Films;

/// <summary>The frames that a film shows, part by part, and those that parts begin with. One frame is held at a time.</summary>
/// <remarks>Not thread-safe.</remarks>
/// <param name="ffmpeg">The program that reads clips; null for none.</param>
/// <param name="folder">Where frames that parts begin with are kept as pictures.</param>
internal sealed class FilmFrames(string? ffmpeg, string folder)
{
    private readonly Dictionary<string, End> _ends = []; // by the part's clip

    /// <summary>The picture of the last frame that a part shows.</summary>
    /// <param name="part">The part.</param>
    /// <param name="clip">Its clip.</param>
    /// <param name="before">The picture of the last frame that the part before it shows; null where it continues none.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="MediaException">The clip cannot be read, or has too few frames.</exception>
    public async Task<string> LastAsync(FilmPart part, string clip, string? before, CancellationToken cancellationToken)
    {
        // Which picture it is, is noted: a film that goes on decodes none of the clips that are there.
        var key = Digests.OfParts([
            FilmPieces.Version,
            await Digests.OfFileAsync(clip, cancellationToken).ConfigureAwait(false),
            Path.GetFileName(before) ?? "",
            string.Create(CultureInfo.InvariantCulture, $"{part.Skip} {part.PlaceOf(part.Show - 1)}"),
        ]);
        var note = Path.Combine(folder, key[..16] + ".last");
        if (File.Exists(note))
        {
            var noted = Path.Combine(folder, await PlainFile.ReadAllTextAsync(note, cancellationToken).ConfigureAwait(false));
            if (FileFacts.Of(noted) is { Exists: true, Length: > 0 })
            {
                return noted;
            }
        }

        var last = (await EndAsync(part, clip, before, cancellationToken).ConfigureAwait(false)).Last;
        AtomicFile.Write(note, Path.GetFileName(last));
        return last;
    }

    /// <summary>The frames that a part shows, in the colours of the part before it and without a step from that.</summary>
    /// <inheritdoc cref="LastAsync"/>
    public async IAsyncEnumerable<RgbImage> ReadAsync(
        FilmPart part,
        string clip,
        string? before,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var (match, fade) = (ColorMatch.None, JointFade.None);
        if (before is not null)
        {
            (match, fade, _) = await EndAsync(part, clip, before, cancellationToken).ConfigureAwait(false);
        }

        var (place, number) = (0, 0);
        await foreach (var frame in VideoReader.ReadAsync(ffmpeg, clip, cancellationToken).ConfigureAwait(false))
        {
            if (place++ == part.PlaceOf(number))
            {
                yield return fade.Apply(match.Apply(frame), number);
                if (++number == part.Show)
                {
                    yield break;
                }
            }
        }
    }

    private async Task<End> EndAsync(FilmPart part, string clip, string? before, CancellationToken cancellationToken)
    {
        if (_ends.TryGetValue(clip, out var known))
        {
            return known;
        }

        var target = before is null ? null : await ImageReader.ReadAsync(ffmpeg, before, cancellationToken).ConfigureAwait(false);
        var colors = target is null ? null : new ColorMeasure(target);
        var (firsts, number, last) = (new List<RgbImage>(), 0, (RgbImage?)null);
        await foreach (var frame in VideoReader.ReadAsync(ffmpeg, clip, cancellationToken).ConfigureAwait(false))
        {
            number++;
            if (number >= part.Skip)
            {
                colors?.Add(frame);
            }

            if (number >= part.Skip && firsts.Count < 2)
            {
                firsts.Add(frame);
            }

            if (number == part.PlaceOf(part.Show - 1) + 1)
            {
                last = frame;
                break;
            }
        }

        if (last is null)
        {
            throw new MediaException($"{clip} has {number} frames, fewer than {part.Skip + part.Show}.");
        }

        var (match, fade) = (ColorMatch.None, JointFade.None);
        if (target is not null)
        {
            match = colors!.Match();
            fade = JointFade.Between(target, match.Apply(firsts[0]), match.Apply(firsts[1]), part.Show);
        }

        var end = new End(match, fade, await KeepAsync(match.Apply(last), cancellationToken).ConfigureAwait(false));
        _ends.Add(clip, end);
        return end;
    }

    /// <summary>The frame as a file that is named by its pixels: whoever makes it, it is the same.</summary>
    private async Task<string> KeepAsync(RgbImage frame, CancellationToken cancellationToken)
    {
        var path = Path.Combine(folder, Digests.OfBytes(frame.Pixels)[..16] + ".png");
        if (FileFacts.Of(path) is not { Exists: true, Length: > 0 })
        {
            Directory.CreateDirectory(folder);
            await PictureFile.WriteAsync(path, frame, cancellationToken).ConfigureAwait(false);
        }

        return path;
    }

    /// <summary>What becomes of a clip's frames, and the picture of the last one that is shown.</summary>
    private sealed record End(ColorMatch Match, JointFade Fade, string Last);
}
