using WanSharp.Engine.Requests;
using WanSharp.Server.Pictures;
using WanSharp.Server.Security;
using WanSharp.Server.Work;

namespace WanSharp.Server.Videos;

/// <summary>Reads requests for videos with the files that they bring, which are kept from then on.</summary>
/// <param name="pictures">Keeps the pictures of frames.</param>
/// <param name="clips">Keeps what is followed: clips, masks, references, cameras.</param>
internal sealed class VideoForms(PictureStore pictures, ClipStore clips)
{
    /// <summary>Reads a request.</summary>
    /// <param name="body">The body.</param>
    /// <param name="given">What a field that is left out takes.</param>
    /// <param name="caller">Who asks.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="Http.ApiException">A field is not known, its value is not one, or a file cannot be had or kept.</exception>
    public async Task<VideoRequest> ReadAsync(RequestBody body, VideoRequest given, Caller caller, CancellationToken cancellationToken)
    {
        var (request, sources) = VideoFields.Read(body, given);
        var images = new Dictionary<int, string>(request.Entry.Request.Images);
        foreach (var (frame, source) in sources)
        {
            images[frame] = await pictures.SaveAsync(source, caller, cancellationToken).ConfigureAwait(false);
        }

        var job = request.Entry.Request with { Images = images };
        foreach (var (setting, files) in VideoFields.FilesOf(body))
        {
            var names = new List<string>();
            foreach (var file in files)
            {
                var kept =
                    setting.Name == VideoFields.Camera
                        ? await clips.SaveTextAsync(file, caller, cancellationToken).ConfigureAwait(false)
                        : await clips.SaveAsync(file, caller, cancellationToken).ConfigureAwait(false);
                names.Add(Path.GetFileName(kept));
            }

            job = setting.TrySet(job, string.Join(LoraUse.Separator, names), out var named) ? named : job;
        }

        return request with
        {
            Entry = request.Entry with { Request = job },
        };
    }
}
