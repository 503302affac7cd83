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
internal sealed class VideoRoutes(VideoQueue queue, VideoForms forms, ProgressBoard board) : IRoutes
{
    private const int UsualPage = 20;
    private const int LargestPage = 100;
    private const int LongestKey = 256;

    /// <summary>What a request begins with that says nothing yet.</summary>
    private static VideoRequest Nothing =>
        new()
        {
            Entry = new BatchEntry
            {
                Line = 1,
                Request = new JobRequest { Prompt = "" },
            },
        };

    /// <inheritdoc/>
    public bool TellsKeysApart => true;

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/videos", CreateAsync).Describe("Asks for a video.", ServerJson.Readable.VideoObject, BodyKind.Video);
        routes.MapGet("/v1/videos", ListAsync).Describe("Lists videos: limit, order, after, status, batch.", ServerJson.Readable.VideoList);
        routes.MapGet("/v1/videos/{id}", GetAsync).Describe("A video as it is now.", ServerJson.Readable.VideoObject);
        routes
            .MapDelete("/v1/videos/{id}", DeleteAsync)
            .Describe("Deletes a video; one that runs stops.", ServerJson.Readable.DeletedVideo);
        routes
            .MapPost("/v1/videos/{id}/remix", RemixAsync)
            .Describe("Makes a video again with another prompt.", ServerJson.Readable.VideoObject, BodyKind.Video);
        routes
            .MapPost("/v1/videos/sync", SynchronouslyAsync)
            .Describe("Makes a video and answers with its file.", answer: null, BodyKind.Video);
        routes.MapPost("/v1/videos/edits", _ => throw NotOfThisModel("edits a video: ask for a new one, or remix one with another prompt"));
        routes.MapPost("/v1/videos/extensions", _ => throw NotOfThisModel("extends a video: ask for one of more seconds"));
        routes.MapPost("/v1/videos/characters", _ => throw NotOfThisModel("keeps characters: give a picture as input_reference"));
    }

    private async Task CreateAsync(HttpContext context)
    {
        await SendAsync(context, await AddAsync(context, Nothing).ConfigureAwait(false)).ConfigureAwait(false);
    }

    /// <summary>Makes a video while the client waits, and answers with its file. A client that goes gives it up.</summary>
    private async Task SynchronouslyAsync(HttpContext context)
    {
        var job = await AddAsync(context, Nothing).ConfigureAwait(false);
        job = await queue.EndAsync(job, context.RequestAborted).ConfigureAwait(false);
        if (job.State is JobState.Queued or JobState.Running)
        {
            queue.Change([job.Id], VideoChange.Cancel);
            return;
        }

        if (job.State != JobState.Succeeded)
        {
            throw new ApiException(422, "generation_failed", job.Error ?? "The video was cancelled.");
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
                Priority = source.Priority,
            },
        };
        await SendAsync(context, await AddAsync(context, asItWas).ConfigureAwait(false)).ConfigureAwait(false);
    }

    private async Task<Job> AddAsync(HttpContext context, VideoRequest given)
    {
        var token = context.RequestAborted;
        var body = await BodyReader.ReadAsync(context.Request, token).ConfigureAwait(false);
        var request = await forms.ReadAsync(body, given, token).ConfigureAwait(false);
        if (context.Request.Headers["Idempotency-Key"].FirstOrDefault() is { Length: > 0 } key)
        {
            request = request with
            {
                Id =
                    key.Length <= LongestKey
                        ? VideoId.Of($"{Caller.Of(context).Name} {context.Request.Path}", key)
                        : throw ApiException.Invalid("Idempotency-Key", $"The Idempotency-Key is longer than {LongestKey} characters."),
                Sha256 = await body.DigestAsync(token).ConfigureAwait(false),
            };
        }

        var (job, isNew) = await queue.AddAsync(request, Caller.Of(context), token).ConfigureAwait(false);
        if (!isNew)
        {
            context.Response.Headers["Idempotent-Replayed"] = "true";
        }

        return job;
    }

    private static ApiException NotOfThisModel(string what) => new(400, "not_supported", $"No model that is served here {what}.");

    private Task GetAsync(HttpContext context) => SendAsync(context, queue.Require(context.Id(), Caller.Of(context)));

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
        var newestFirst = query["order"].FirstOrDefault() switch
        {
            null or "desc" => true,
            "asc" => false,
            var text => throw ApiException.Invalid("order", $"The order is asc or desc, not '{text}'."),
        };
        var page = queue.Page(
            new JobPage
            {
                After = query["after"].FirstOrDefault() is { Length: > 0 } after ? queue.Require(after, Caller.Of(context)).Id : null,
                Limit = limit + 1,
                NewestFirst = newestFirst,
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

    private Task SendAsync(HttpContext context, Job job)
    {
        if (board.PollAfter(job) is { Ticks: > 0 } wait)
        {
            context.Response.Headers["openai-poll-after-ms"] = wait.TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture);
        }

        return context.SendAsync(queue.Show(job), ServerJson.Readable.VideoObject);
    }
}
