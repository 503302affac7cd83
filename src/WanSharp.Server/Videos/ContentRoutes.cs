using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;
using WanSharp.Jobs;
using WanSharp.Media.Images;
using WanSharp.Server.Http;
using WanSharp.Server.Security;
using WanSharp.Server.Work;

namespace WanSharp.Server.Videos;

/// <summary>The files of videos, and pictures of them.</summary>
internal sealed class ContentRoutes(VideoQueue queue, ClipPictures pictures, ProgressBoard board) : IRoutes
{
    private const int PreviewQuality = 80;
    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];

    /// <inheritdoc/>
    public bool TellsKeysApart => true;

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapMethods("/v1/videos/{id}/content", Methods, ContentAsync)
            .Describe("A video's file, or a picture of it.")
            .Takes(
                ("variant", "video, thumbnail or spritesheet. Default: video."),
                ("download", "Present where a browser is to save the file.")
            )
            .Sends(MediaTypes.Clips);
        routes
            .MapMethods("/v1/videos/{id}/preview", Methods, PreviewAsync)
            .Describe("What a video that is being made looks like now.")
            .Takes(("step", "Which step it is that is asked for: it changes the address, so that nothing old is shown."))
            .Sends(MediaTypes.Webp);
    }

    private async Task ContentAsync(HttpContext context)
    {
        var job = queue.Require(context.Id(), Caller.Of(context));
        var clip = queue.FileOf(job);
        var (path, mark) = context.Request.Query["variant"].FirstOrDefault() switch
        {
            null or "" or "video" => (clip, job.Sha256),
            "thumbnail" => (
                await pictures.ThumbnailAsync(job, clip, context.RequestAborted).ConfigureAwait(false),
                $"{job.Sha256}-thumbnail"
            ),
            "spritesheet" => (await pictures.SheetAsync(job, clip, context.RequestAborted).ConfigureAwait(false), $"{job.Sha256}-sheet"),
            var other => throw ApiException.Invalid("variant", $"The variant is video, thumbnail or spritesheet, not '{other}'."),
        };
        context.Response.Headers.CacheControl = "private, no-cache"; // kept by clients, who ask whether it is still there
        await Results
            .File(
                path,
                MediaTypes.Of(path),
                context.Request.Query.ContainsKey("download") ? Path.GetFileName(path) : null,
                job.FinishedAt,
                mark is null ? null : new EntityTagHeaderValue($"\"{mark}\""),
                enableRangeProcessing: true
            )
            .ExecuteAsync(context)
            .ConfigureAwait(false);
    }

    /// <summary>What a video that is being made would be if this step were the last: its middle frame.</summary>
    private async Task PreviewAsync(HttpContext context)
    {
        var job = queue.Require(context.Id(), Caller.Of(context));
        if (board.Find(job.Id)?.Preview is not { } preview)
        {
            if (queue.Require(context.Id(), Caller.Of(context)).State == JobState.Succeeded) // perhaps since it was looked for
            {
                // done before its last preview was asked for
                context.Response.Redirect($"/v1/videos/{context.Id()}/content?variant=thumbnail");
                return;
            }

            throw ApiException.NotFound("There is no preview: the video is not being made now, or its first step is not done.");
        }

        var picture = new RgbImage(preview.Width, preview.Height, preview.Frames[preview.Frames.Count / 2]);
        context.Response.Headers.CacheControl = "no-store";
        await Results.Bytes(PictureBytes.Webp(picture, PreviewQuality), MediaTypes.Webp).ExecuteAsync(context).ConfigureAwait(false);
    }
}
