using WanSharp.Hosting.Batches;
using WanSharp.Jobs.Films;
using WanSharp.Server.Http;

namespace WanSharp.Server.Work;

/// <content>What the model makes of other videos.</content>
internal sealed partial class VideoQueue
{
    /// <summary>Refuses what the model cannot continue, before a video is kept for it.</summary>
    /// <exception cref="ApiException">It makes videos from text alone, or another program makes them.</exception>
    public async Task<FilmModel> RequireExtendsAsync(CancellationToken cancellationToken)
    {
        var backend = await OpenAsync(cancellationToken).ConfigureAwait(false);
        return Require(
            backend.Films?.Continues == true,
            backend,
            "continues no videos: it takes a model with a first picture (ti2v, i2v, vace)"
        );
    }

    /// <summary>Refuses what the model cannot edit, before a video is kept for it.</summary>
    /// <exception cref="ApiException">It follows no video.</exception>
    public async Task<FilmModel> RequireEditsAsync(CancellationToken cancellationToken)
    {
        var backend = await OpenAsync(cancellationToken).ConfigureAwait(false);
        return Require(backend.FillsIn, backend, "edits no videos: it takes a VACE model. A remix makes one anew with another prompt");
    }

    private static FilmModel Require(bool can, BatchBackend backend, string why) =>
        can ? backend.Films! : throw new ApiException(400, "not_supported", $"{backend.Model} {why}.");
}
