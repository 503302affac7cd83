using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using WanSharp.Engine.Requests;
using WanSharp.Jobs;
using WanSharp.Jobs.Films;
using WanSharp.Server.Contract;
using WanSharp.Server.Http;
using WanSharp.Server.Pictures;
using WanSharp.Server.Security;
using WanSharp.Server.Work;

namespace WanSharp.Server.Videos;

/// <summary>Videos that are made of others: what comes after one, and one that is partly made anew.</summary>
internal sealed class SequelRoutes(VideoQueue queue, VideoDesk desk, ClipStore clips) : IRoutes
{
    private const string Video = "video";

    /// <summary>What becomes of a request, from the rest of its body, its video where that is of this server, and the kept copy.</summary>
    private delegate Task<Func<JobRequest, JobRequest>> Change(RequestBody body, Job? source, string clip);

    /// <summary>How a body names a video of this server.</summary>
    private static readonly string[] Ids = [Video, "video.id", "video_id"];

    /// <summary>Fields that say how long a video is.</summary>
    private static readonly string[] Lengths = ["frames", "num_frames", "seconds"];

    /// <inheritdoc/>
    public bool TellsKeysApart => true;

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapPost("/v1/videos/extensions", context => MakeAsync(context, ExtendAsync))
            .Describe("Continues a video, by `seconds`.", ServerJson.Readable.VideoObject, BodyKind.Sequel);
        routes
            .MapPost("/v1/videos/edits", context => MakeAsync(context, EditAsync))
            .Describe(
                "Makes a video anew where a mask is white, or all of it with its shapes.",
                ServerJson.Readable.VideoObject,
                BodyKind.Sequel
            );
    }

    /// <param name="context">The request.</param>
    /// <param name="begin">
    /// Refuses what the model cannot do, before a video is kept for it; then says what is made of a body's rest and a kept video.
    /// </param>
    private async Task MakeAsync(HttpContext context, Func<CancellationToken, Task<Change>> begin)
    {
        var (caller, token) = (Caller.Of(context), context.RequestAborted);
        var body = await BodyReader.ReadAsync(context.Request, token).ConfigureAwait(false); // all of it: who still sends reads no answer
        var (job, _) = await desk.AddAsync(context, body, VideoRequest.Nothing, PrepareAsync).ConfigureAwait(false);
        await desk.SendAsync(context, job).ConfigureAwait(false);

        async Task<(RequestBody, VideoRequest)> PrepareAsync(VideoRequest given)
        {
            var make = await begin(token).ConfigureAwait(false);
            var (rest, id, file) = Take(body);
            var source = id is null ? null : queue.Require(id, caller);
            var path = source is null
                ? await clips.SaveAsync(file!, caller, token).ConfigureAwait(false)
                : await clips.CopyAsync(queue.FileOf(source), caller, token).ConfigureAwait(false);
            var change = await make(rest, source, path).ConfigureAwait(false);
            return (
                rest,
                given with
                {
                    Source = id,
                    Format = source is null ? null : Path.GetExtension(source.Output),
                    Entry = given.Entry with { Request = change(given.Entry.Request) },
                }
            );
        }
    }

    private async Task<Change> ExtendAsync(CancellationToken cancellationToken)
    {
        _ = await queue.RequireExtendsAsync(cancellationToken).ConfigureAwait(false);
        return (_, _, clip) => Task.FromResult<Func<JobRequest, JobRequest>>(request => request with { Extends = Path.GetFileName(clip) });
    }

    private async Task<Change> EditAsync(CancellationToken cancellationToken)
    {
        var model = await queue.RequireEditsAsync(cancellationToken).ConfigureAwait(false);
        return async (body, source, clip) =>
        {
            if (body.Has("control") || body.Files.Any(file => file.Name == "control"))
            {
                throw ApiException.Invalid("control", "An edit follows its video: leave control out.");
            }

            var frames = Lengths.Any(body.Has) ? null : await FramesAsync(body, clip, model, cancellationToken).ConfigureAwait(false);
            var made = source?.Settings is { } settings ? GenerationSettings.FromJson(settings) : null;
            return request =>
                request with
                {
                    Width = made?.Width,
                    Height = made?.Height,
                    Control = Path.GetFileName(clip),
                    ControlFrom = IsPart(body) ? null : "canny", // a clip that is followed as it is would come out as it is
                    Frames = frames,
                };
        };
    }

    /// <summary>As many frames as the video has, as far as the model makes that many.</summary>
    private async Task<int?> FramesAsync(RequestBody body, string clip, FilmModel model, CancellationToken cancellationToken)
    {
        var asked = body.Fields.FirstOrDefault(field => field.Name.Equals("fps", StringComparison.OrdinalIgnoreCase))?.Text;
        var fps =
            int.TryParse(asked, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is > 0 and <= 120
                ? number
                : model.Fps;
        var frames =
            await clips.FramesAsync(clip, fps, model.Frames, cancellationToken).ConfigureAwait(false)
            ?? throw ApiException.Invalid(
                Video,
                $"The video has more than the {model.Frames} frames at {fps} a second that {model.Name} makes: say how many of its first "
                    + "ones are edited (num_frames, seconds), or send a part of it."
            );
        return ((frames - 1) / model.Stride * model.Stride) + 1;
    }

    private static bool IsPart(RequestBody body) =>
        body.Has("mask") || body.Has("outpaint") || body.Has("control_from") || body.Files.Any(file => file.Name == "mask");

    /// <summary>The video of a body, as an id or a file, and what else is there.</summary>
    /// <exception cref="ApiException">There is none, or several.</exception>
    private static (RequestBody Others, string? Id, IFormFile? File) Take(RequestBody body)
    {
        var ids = body.Fields.Where(field => Ids.Contains(field.Name, StringComparer.OrdinalIgnoreCase)).ToList();
        var files = body.Files.Where(file => file.Name == Video).ToList();
        return ids.Count + files.Count == 1
            ? (
                new RequestBody([.. body.Fields.Except(ids)], [.. body.Files.Except(files)]),
                ids.FirstOrDefault()?.Text,
                files.FirstOrDefault()
            )
            : throw ApiException.Invalid(
                Video,
                "Say which video: one of this server as {\"video\": {\"id\": \"video_…\"}}, or one file as 'video' of a form."
            );
    }
}
