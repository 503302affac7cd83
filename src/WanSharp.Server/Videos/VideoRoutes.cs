using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using WanSharp.Jobs;
using WanSharp.Jobs.Batches;
using WanSharp.Jobs.Storage;
using WanSharp.Server.Contract;
using WanSharp.Server.Http;
using WanSharp.Server.Security;
using WanSharp.Server.Work;

namespace WanSharp.Server.Videos;

/// <summary>The videos API: asking for videos, looking at them, deleting them.</summary>
internal sealed class VideoRoutes(VideoQueue queue, VideoDesk desk, VideoWaiting waiting) : IRoutes
{
    private const int UsualPage = 20;
    private const int LargestPage = 100;

    /// <inheritdoc/>
    public bool TellsKeysApart => true;

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/videos", CreateAsync).Describe("Asks for a video.", ServerJson.Readable.VideoObject, BodyKind.Video);
        routes
            .MapGet("/v1/videos", ListAsync)
            .Describe("Lists videos.", ServerJson.Readable.VideoList)
            .Takes(
                ("limit", "The most videos, 1 to 100. Default: 20."),
                ("order", "asc, desc, or next: as they will be made. Default: desc, the newest first."),
                ("after", "The id of the video after which the list goes on; it may have been deleted since."),
                ("status", "Those in this state alone: queued, in_progress, completed, failed or cancelled."),
                ("batch", "Those of this batch alone.")
            );
        routes.MapGet("/v1/videos/{id}", GetAsync).Describe("A video as it is now.", ServerJson.Readable.VideoObject);
        routes
            .MapDelete("/v1/videos/{id}", DeleteAsync)
            .Describe("Deletes a video; one that runs stops.", ServerJson.Readable.DeletedVideo);
        routes
            .MapPost("/v1/videos/{id}/remix", RemixAsync)
            .Describe("Makes a video again with another prompt.", ServerJson.Readable.VideoObject, BodyKind.Video);
        routes
            .MapPost("/v1/videos/sync", SynchronouslyAsync)
            .Describe("Makes a video and answers with its file.", answer: null, BodyKind.Video)
            .Sends(MediaTypes.Clips);
        routes.MapPost("/v1/videos/characters", RefuseAsync);
    }

    private async Task CreateAsync(HttpContext context)
    {
        var (job, _) = await desk.AddAsync(context, VideoRequest.Nothing).ConfigureAwait(false);
        await desk.SendAsync(context, job).ConfigureAwait(false);
    }

    /// <summary>Makes a video while the client waits, and answers with its file. A client that goes gives it up.</summary>
    private async Task SynchronouslyAsync(HttpContext context)
    {
        var (job, isNew) = await desk.AddAsync(context, VideoRequest.Nothing).ConfigureAwait(false);
        if (!isNew && job.State == JobState.Cancelled)
        {
            queue.Change([job.Id], VideoChange.Retry, Caller.Of(context)); // its client went, and comes back
            (job, isNew) = (queue.Require(VideoId.OfFile(job.Output), Caller.Of(context)), true);
        }

        job = await waiting.EndAsync(job, context.RequestAborted).ConfigureAwait(false);
        if (job.State is JobState.Queued or JobState.Running)
        {
            if (!context.RequestAborted.IsCancellationRequested)
            {
                throw new ApiException(503, "stopping", $"The server is stopping, and goes on with {VideoId.OfFile(job.Output)} later.");
            }

            if (isNew)
            {
                queue.Change([job.Id], VideoChange.Cancel, Caller.Of(context));
            }

            return;
        }

        if (job.State != JobState.Succeeded)
        {
            throw new ApiException(422, "generation_failed", VideoObjects.ReasonOf(job) ?? "The video was cancelled.");
        }

        context.Response.Headers["X-Video-Id"] = VideoId.OfFile(job.Output);
        await Results.File(queue.FileOf(job), MediaTypes.Of(job.Output)).ExecuteAsync(context).ConfigureAwait(false);
    }

    /// <summary>The same video with another prompt, or other settings: what is not said stays as it was.</summary>
    private async Task RemixAsync(HttpContext context)
    {
        var source = queue.Require(context.Id(), Caller.Of(context));
        var asItWas = new VideoRequest
        {
            RemixedFrom = context.Id(),
            Format = Path.GetExtension(source.Output),
            Entry = new BatchEntry
            {
                Line = 1,
                Request = source.Request with { Prompt = "", Template = null },
                Style = source.Style, // what it set is there already: it frames the new prompt
                Priority = source.Priority,
            },
        };
        var (job, _) = await desk.AddAsync(context, asItWas).ConfigureAwait(false);
        await desk.SendAsync(context, job).ConfigureAwait(false);
    }

    /// <summary>Keeps no characters. A client that still sends its video would not read an earlier answer.</summary>
    private static async Task RefuseAsync(HttpContext context)
    {
        await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted).ConfigureAwait(false);
        throw new ApiException(400, "not_supported", "This server never keeps characters: give a picture as input_reference.");
    }

    private Task GetAsync(HttpContext context) => desk.SendAsync(context, queue.Require(context.Id(), Caller.Of(context)));

    private Task DeleteAsync(HttpContext context)
    {
        var job = queue.Require(context.Id(), Caller.Of(context));
        queue.Delete(job);
        return context.SendAsync(new DeletedVideo(context.Id()!), ServerJson.Readable.DeletedVideo);
    }

    private Task ListAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var limit = query["limit"].FirstOrDefault() switch
        {
            null => UsualPage,
            var text
                when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                    && number is >= 1 and <= LargestPage => number,
            var text => throw ApiException.Invalid("limit", $"The limit is a whole number from 1 to {LargestPage}, not '{text}'."),
        };
        var order = query["order"].FirstOrDefault() ?? "desc";
        if (order is not ("asc" or "desc" or "next"))
        {
            throw ApiException.Invalid("order", $"The order is asc, desc or next, not '{order}'.");
        }

        if (order == "next" && query["after"].FirstOrDefault() is { Length: > 0 })
        {
            throw ApiException.Invalid(
                "after",
                "The order next has its beginning alone, which changes as videos are made: leave after out."
            );
        }

        var page = queue.Page(
            new JobPage
            {
                After = query["after"].FirstOrDefault() is { Length: > 0 } after ? queue.After(after, Caller.Of(context)) : null,
                Limit = limit + 1,
                NewestFirst = order == "desc",
                NextFirst = order == "next",
                State = query["status"].FirstOrDefault() is { } status ? StateOf(status) : null,
                Batch = query["batch"].FirstOrDefault(),
            },
            Caller.Of(context)
        );
        var videos = page.Take(limit).Select(queue.Show).ToList();
        return context.SendAsync(
            new VideoList(videos, videos.FirstOrDefault()?.Id, videos.LastOrDefault()?.Id, page.Count > limit),
            ServerJson.Readable.VideoList
        );
    }

    private static JobState StateOf(string status) =>
        status switch
        {
            "queued" => JobState.Queued,
            "in_progress" => JobState.Running,
            "completed" => JobState.Succeeded,
            "failed" => JobState.Failed,
            "cancelled" => JobState.Cancelled,
            _ => throw ApiException.Invalid(
                "status",
                $"The status is queued, in_progress, completed, failed or cancelled, not '{status}'."
            ),
        };
}
