using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using WanSharp.Jobs;
using WanSharp.Server.Contract;
using WanSharp.Server.Events;
using WanSharp.Server.Http;
using WanSharp.Server.Security;
using WanSharp.Server.Work;

namespace WanSharp.Server.Videos;

/// <summary>What becomes of videos that wait or run: pausing, cancelling, trying again, going first.</summary>
internal sealed class QueueRoutes(VideoQueue queue, QueueSwitch pause, EventHub hub) : IRoutes
{
    /// <inheritdoc/>
    public bool TellsKeysApart => true;

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        var (video, state) = (ServerJson.Readable.VideoObject, ServerJson.Readable.QueueObject);
        var admin = new Needs(KeyScope.Admin);
        routes.MapGet("/v1/queue", SendAsync).Describe("The queue as a whole.", state);
        routes
            .MapPost("/v1/queue/pause", context => SetAsync(context, on: true))
            .WithMetadata(admin)
            .Describe("Starts no more videos.", state);
        routes
            .MapPost("/v1/queue/resume", context => SetAsync(context, on: false))
            .WithMetadata(admin)
            .Describe("Starts videos again.", state);
        foreach (var (change, summary) in VideoChanges.All)
        {
            routes
                .MapPost($"/v1/videos/{{id}}/{VideoChanges.NameOf(change)}", context => ChangeAsync(context, change))
                .Describe($"{summary}: a video.", video);
        }
    }

    /// <summary>The priority that a request brings, and nothing else.</summary>
    /// <exception cref="ApiException">It brings something else.</exception>
    public static async Task<int> PriorityAsync(HttpContext context)
    {
        var body = await BodyReader.ReadAsync(context.Request, context.RequestAborted).ConfigureAwait(false);
        return body is { Fields: [{ Name: "priority", Text: var text }], Files: [] }
            ? VideoFields.Priority(text)
            : throw ApiException.Invalid("priority", "Of a batch only the priority changes: send {\"priority\": 5}.");
    }

    private Task SetAsync(HttpContext context, bool on)
    {
        pause.Set(on);
        return SendAsync(context);
    }

    private Task SendAsync(HttpContext context)
    {
        var counts = queue.Counts(Caller.Of(context));
        return context.SendAsync(
            new QueueObject(pause.IsOn, counts.Queued, counts.Running, counts.Succeeded, counts.Failed, counts.Cancelled, hub.Listeners),
            ServerJson.Readable.QueueObject
        );
    }

    private Task ChangeAsync(HttpContext context, VideoChange change)
    {
        var job = queue.Require(context.Id(), Caller.Of(context));
        return SendAsync(
            context,
            queue.Change([job.Id], change, Caller.Of(context)) == 1
                ? queue.Require(context.Id(), Caller.Of(context))
                : throw TooLate(job, change)
        );
    }

    private Task SendAsync(HttpContext context, Job job) => context.SendAsync(queue.Show(job), ServerJson.Readable.VideoObject);

    private static ApiException TooLate(Job job, VideoChange change) =>
        new(
            409,
            "too_late",
            change switch
            {
                VideoChange.Retry => "Only a video that failed or was cancelled is tried again.",
                VideoChange.Resume => "The video is not paused.",
                VideoChange.Pause when job.IsHeld => "The video is paused already.",
                _ => "The video is done, or failed.",
            }
        );
}
