using WanSharp.Server.Pictures;
using WanSharp.Server.Work;

namespace WanSharp.Server.Videos;

/// <summary>Reads requests for videos with the pictures that they bring, which are kept from then on.</summary>
/// <param name="pictures">Keeps the pictures.</param>
internal sealed class VideoForms(PictureStore pictures)
{
    /// <summary>Reads a request.</summary>
    /// <param name="body">The body.</param>
    /// <param name="given">What a field that is left out takes.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="Http.ApiException">A field is not known, its value is not one, or a picture cannot be had.</exception>
    public async Task<VideoRequest> ReadAsync(RequestBody body, VideoRequest given, CancellationToken cancellationToken)
    {
        var (request, sources) = VideoFields.Read(body, given);
        var images = new Dictionary<int, string>(request.Entry.Request.Images);
        foreach (var (frame, source) in sources)
        {
            images[frame] = await pictures.SaveAsync(source, cancellationToken).ConfigureAwait(false);
        }

        return request with
        {
            Entry = request.Entry with { Request = request.Entry.Request with { Images = images } },
        };
    }
}
