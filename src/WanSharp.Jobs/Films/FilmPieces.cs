using System.Globalization;
using System.Text.Json;
using WanSharp.Media.Clips;
using WanSharp.Media.Ffmpeg;
using WanSharp.Storage;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Films;

/// <summary>
/// The parts of a film as they are encoded into it, each a file that is named by what decides it, with its digest and proof next to it: one
/// that is damaged is made again.
/// </summary>
/// <param name="ffmpeg">The program that encodes them.</param>
/// <param name="folder">Where they are.</param>
/// <param name="kind">The film's format.</param>
/// <param name="format">The film's measures.</param>
internal sealed class FilmPieces(string? ffmpeg, string folder, OutputKind kind, ClipFormat format)
{
    /// <summary>Raised when colours, joints or the encoder's settings become others: what was kept of parts is not taken then.</summary>
    internal const string Version = "1";

    /// <summary>Where the piece of a part is, or will be. Its folder is there then.</summary>
    /// <param name="part">The part.</param>
    /// <param name="clip">Its clip.</param>
    /// <param name="before">The picture of the frame that it continues, which is named by its pixels; null for none.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public async Task<string> PlaceAsync(FilmPart part, string clip, string? before, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        List<string> decides =
        [
            Version,
            await Digests.OfFileAsync(clip, cancellationToken).ConfigureAwait(false),
            Path.GetFileName(before) ?? "",
            string.Create(CultureInfo.InvariantCulture, $"{part.PlaceOf(0)} {part.PlaceOf(part.Show - 1)} {part.Show}"),
            string.Create(CultureInfo.InvariantCulture, $"{format.Width}x{format.Height} {format.Fps}"),
            FfmpegLocator.IdentityOf(ffmpeg),
        ];
        if (part.Pin is { } pin)
        {
            decides.Add(await Digests.OfFileAsync(pin, cancellationToken).ConfigureAwait(false));
        }

        var key = Digests.OfParts(decides);
        return Path.Combine(folder, key[..16] + Extension);
    }

    /// <summary>What there is to show of a piece that is there; null for one that is not, or is damaged.</summary>
    /// <param name="path">The piece.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public static async Task<PartProof?> FindAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            var kept = JsonSerializer.Deserialize(
                await PlainFile.ReadAllBytesAsync(NoteOf(path), cancellationToken).ConfigureAwait(false),
                FilmJson.Default.Kept
            );
            var digest = await Digests.OfFileAsync(path, cancellationToken).ConfigureAwait(false);
            return kept?.Digest == digest ? kept.Proof : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Notes that a piece is whole.</summary>
    /// <param name="path">The piece.</param>
    /// <param name="proof">What there is to show of it.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public static async Task KeepAsync(string path, PartProof proof, CancellationToken cancellationToken)
    {
        var digest = await Digests.OfFileAsync(path, cancellationToken).ConfigureAwait(false);
        AtomicFile.Write(NoteOf(path), JsonSerializer.Serialize(new Kept(digest, proof), FilmJson.Default.Kept));
    }

    /// <summary>Removes the pieces of this format that the film does not have any more.</summary>
    /// <param name="pieces">Those that it has.</param>
    public void RemoveOthers(IEnumerable<string> pieces)
    {
        foreach (var other in Directory.EnumerateFiles(folder, "*" + Extension).Except(pieces))
        {
            File.Delete(other);
            File.Delete(NoteOf(other));
        }
    }

    private string Extension =>
        kind switch
        {
            OutputKind.Mp4 => ".mp4",
            OutputKind.WebM => ".webm",
            _ => ".mkv",
        };

    private static string NoteOf(string path) => path + ".json";

    /// <summary>What is noted of a piece.</summary>
    /// <param name="Digest">The digest of its file.</param>
    /// <param name="Proof">What there is to show of it.</param>
    internal sealed record Kept(string Digest, PartProof Proof);
}
