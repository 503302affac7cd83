using System.Globalization;
using System.Runtime.CompilerServices;
using WanSharp.Media;
using WanSharp.Media.Clips;
using WanSharp.Media.Images;
using WanSharp.Storage;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Films;

/// <summary>
/// The frames that a film shows, part by part, and those that parts begin with. Of a large clip a few frames are held at a time.
/// </summary>
/// <remarks>Not thread-safe.</remarks>
/// <param name="ffmpeg">The program that reads clips; null for none.</param>
/// <param name="folder">Where frames that parts begin with are kept as pictures.</param>
internal sealed class FilmFrames(string? ffmpeg, string folder)
{
    private const long MostKept = 16 << 20; // bytes of frames

    private readonly Dictionary<string, End> _ends = []; // by the part's clip
    private (string Clip, List<RgbImage> Frames)? _kept; // of the clip that was looked at last, if it is small: it is read again at once

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
        var (match, fade, lead) = (ColorMatch.None, JointFade.None, JointFade.None);
        if (before is not null || part.Pin is not null)
        {
            (match, fade, lead, _) = await EndAsync(part, clip, before, cancellationToken).ConfigureAwait(false);
        }

        var pin = part.Pin is null ? null : await ImageReader.ReadAsync(ffmpeg, part.Pin, cancellationToken).ConfigureAwait(false);

        var (place, number) = (0, 0);
        await foreach (var frame in DecodeAsync(clip, cancellationToken).ConfigureAwait(false))
        {
            if (place++ == part.PlaceOf(number))
            {
                var left = part.Show - 1 - number;
                var shown = fade.Apply(match.Apply(frame), number++);
                yield return pin is null ? shown
                : left == 0 ? pin
                : lead.Apply(shown, left - 1); // the frames before a pin get what it has more than the clip's last
                if (left == 0)
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
        var (firsts, number, last, lastButOne) = (new List<RgbImage>(), 0, (RgbImage?)null, (RgbImage?)null);
        var kept = new List<RgbImage>();
        await foreach (var frame in VideoReader.ReadAsync(ffmpeg, clip, cancellationToken).ConfigureAwait(false))
        {
            number++;
            if (number * (long)frame.Pixels.Length <= MostKept)
            {
                kept.Add(frame);
            }

            if (number >= part.Skip)
            {
                colors?.Add(frame);
            }

            if (number >= part.Skip && firsts.Count < 2)
            {
                firsts.Add(frame);
            }

            lastButOne = part.Show > 1 && number == part.PlaceOf(part.Show - 2) + 1 ? frame : lastButOne;
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

        _kept = kept.Count == number ? (clip, kept) : null;
        var (match, fade) = (ColorMatch.None, JointFade.None);
        if (target is not null)
        {
            match = colors!.Match();
            fade = JointFade.Between(target, match.Apply(firsts[0]), match.Apply(firsts[1]), part.Show);
        }

        var lead = lastButOne is null
            ? JointFade.None
            : await LeadAsync(part, match.Apply(last), match.Apply(lastButOne), cancellationToken).ConfigureAwait(false);
        var picture = part.Pin ?? await KeepAsync(match.Apply(last), cancellationToken).ConfigureAwait(false);
        var end = new End(match, fade, lead, picture);
        _ends.Add(clip, end);
        return end;
    }

    /// <summary>What is missing before the frame that a part is led to.</summary>
    private async Task<JointFade> LeadAsync(FilmPart part, RgbImage last, RgbImage lastButOne, CancellationToken cancellationToken) =>
        part.Pin is null
            ? JointFade.None
            : JointFade.Between(
                await ImageReader.ReadAsync(ffmpeg, part.Pin, cancellationToken).ConfigureAwait(false),
                last,
                lastButOne,
                part.Show
            );

    /// <summary>A clip's frames, at least as many as are shown.</summary>
    private IAsyncEnumerable<RgbImage> DecodeAsync(string clip, CancellationToken cancellationToken) =>
        _kept is { } kept && kept.Clip == clip ? kept.Frames.ToAsyncEnumerable() : VideoReader.ReadAsync(ffmpeg, clip, cancellationToken);

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

    /// <summary>What becomes of a clip's frames, at its beginning and its end, and the picture of the last one that is shown.</summary>
    private sealed record End(ColorMatch Match, JointFade Fade, JointFade Lead, string Last);
}
