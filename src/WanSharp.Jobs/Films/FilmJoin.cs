using WanSharp.Engine;
using WanSharp.Media.Clips;
using WanSharp.Media.Images;

namespace WanSharp.Jobs.Films;

/// <summary>
/// Writes a film of its parts' clips. Where the format allows, each part is encoded into a piece that is kept, and the film is put together
/// of the pieces without encoding them again: a film of which one part is new decodes and encodes that one alone.
/// </summary>
/// <param name="plan">The film.</param>
/// <param name="frames">Gives the parts' frames.</param>
/// <param name="ffmpeg">The program that reads and writes clips; null for none.</param>
/// <param name="folder">Where pieces are kept.</param>
internal sealed class FilmJoin(FilmPlan plan, FilmFrames frames, string? ffmpeg, string folder)
{
    private int _written;

    /// <summary>Writes the film.</summary>
    /// <param name="target">Where it goes.</param>
    /// <param name="clips">The clip of each part, and the picture of the frame that it continues; null where it continues none.</param>
    /// <param name="progress">Notified of the frames that are written.</param>
    /// <param name="cancellationToken">Gives the film up.</param>
    /// <returns>What there is to show of each part.</returns>
    public Task<IReadOnlyList<PartProof>> WriteAsync(
        OutputTarget target,
        IReadOnlyList<(string Clip, string? Before)> clips,
        IProgress<GenerationProgress> progress,
        CancellationToken cancellationToken
    ) =>
        ClipJoiner.CanJoin(target.Kind) && plan.Parts.All(part => part.Show >= ClipJoiner.FewestFrames)
            ? WritePiecesAsync(target, clips, progress, cancellationToken)
            : WriteWholeAsync(target, clips, progress, cancellationToken);

    private async Task<IReadOnlyList<PartProof>> WritePiecesAsync(
        OutputTarget target,
        IReadOnlyList<(string Clip, string? Before)> clips,
        IProgress<GenerationProgress> progress,
        CancellationToken cancellationToken
    )
    {
        var pieces = new FilmPieces(ffmpeg, folder, target.Kind, plan.Format);
        var (files, proofs) = (new List<(string, int)>(), new List<PartProof>());
        foreach (var (part, (clip, before)) in plan.Parts.Zip(clips))
        {
            var path = await pieces.PlaceAsync(part, clip, before, cancellationToken).ConfigureAwait(false);
            var proof = await FilmPieces.FindAsync(path, cancellationToken).ConfigureAwait(false);
            if (proof is null)
            {
                var writer = VideoWriter.Create(ffmpeg, OutputTarget.Parse(path), plan.Format with { Frames = part.Show }, settings: null);
                await using (writer.ConfigureAwait(false))
                {
                    proof = await CopyAsync(part, clip, before, writer, progress, cancellationToken).ConfigureAwait(false);
                    await writer.CompleteAsync(cancellationToken).ConfigureAwait(false);
                }

                await FilmPieces.KeepAsync(path, proof, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                Report(part.Show, progress);
            }

            files.Add((path, part.Show));
            proofs.Add(proof);
        }

        await ClipJoiner
            .JoinAsync(ffmpeg, target, plan.Format, files, plan.Embedded, plan.Chapters, cancellationToken)
            .ConfigureAwait(false);
        pieces.RemoveOthers(files.Select(file => file.Item1));
        return proofs;
    }

    private async Task<IReadOnlyList<PartProof>> WriteWholeAsync(
        OutputTarget target,
        IReadOnlyList<(string Clip, string? Before)> clips,
        IProgress<GenerationProgress> progress,
        CancellationToken cancellationToken
    )
    {
        var proofs = new List<PartProof>();
        var writer = VideoWriter.Create(ffmpeg, target, plan.Format, plan.Embedded, plan.Chapters);
        await using (writer.ConfigureAwait(false))
        {
            foreach (var (part, (clip, before)) in plan.Parts.Zip(clips))
            {
                proofs.Add(await CopyAsync(part, clip, before, writer, progress, cancellationToken).ConfigureAwait(false));
            }

            await writer.CompleteAsync(cancellationToken).ConfigureAwait(false);
        }

        return proofs;
    }

    private async Task<PartProof> CopyAsync(
        FilmPart part,
        string clip,
        string? before,
        VideoWriter writer,
        IProgress<GenerationProgress> progress,
        CancellationToken cancellationToken
    )
    {
        var proof = PartProof.After(
            before is null ? null : await ImageReader.ReadAsync(ffmpeg, before, cancellationToken).ConfigureAwait(false)
        );
        var number = 0;
        await foreach (var frame in frames.ReadAsync(part, clip, before, cancellationToken).ConfigureAwait(false))
        {
            await writer.WriteAsync(frame.Pixels, cancellationToken).ConfigureAwait(false);
            proof.Add(frame, number++, part.Show);
            Report(1, progress);
        }

        return proof;
    }

    private void Report(int count, IProgress<GenerationProgress> progress) =>
        progress.Report(new GenerationProgress(GenerationStage.Write, _written += count, plan.Format.Frames));
}
