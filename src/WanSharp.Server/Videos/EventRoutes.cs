using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using WanSharp.Jobs;
using WanSharp.Server.Events;
using WanSharp.Server.Http;
using WanSharp.Server.Security;
using WanSharp.Server.Work;

namespace WanSharp.Server.Videos;

/// <summary>What happens, as it happens: to one video, to a batch, to all.</summary>
internal sealed class EventRoutes(VideoQueue queue, EventHub hub, JobEvents events) : IRoutes
{
    /// <inheritdoc/>
    public bool TellsKeysApart => true;

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        var after = ("last_event_id", "The last event that was received, for clients that cannot send the header Last-Event-ID.");
        routes
            .MapGet("/v1/events", AllAsync)
            .Describe("Events of all videos, or of a batch, as they happen.")
            .Takes(("batch", "Those of this batch alone."), after)
            .Sends(EventStream.MediaType);
        routes
            .MapGet("/v1/videos/{id}/events", OneAsync)
            .Describe("Events of a video until its end.")
            .Takes(after)
            .Sends(EventStream.MediaType);
    }

    private async Task AllAsync(HttpContext context)
    {
        var (batch, caller) = (context.Request.Query["batch"].FirstOrDefault(), Caller.Of(context));
        var stream = new EventStream(context, hub);
        using var subscription = hub.Subscribe(stream.LastEventId);
        await stream.BeginAsync().ConfigureAwait(false);
        await stream.SendAsync(subscription, Takes, _ => false).ConfigureAwait(false);

        bool Takes(ServerEvent one) => one.Subject is null || (caller.Sees(one.Owner) && (batch is null || one.Batch == batch));
    }

    /// <summary>A video's events until its end; the first says how it is now.</summary>
    private async Task OneAsync(HttpContext context)
    {
        var (id, caller) = (context.Id()!, Caller.Of(context));
        var stream = new EventStream(context, hub);
        using var subscription = hub.Subscribe(stream.LastEventId);
        var job = queue.Require(id, caller); // as it is once nothing more is missed
        var isMissing = stream.LastEventId is null || !subscription.IsWhole;
        if (!isMissing && IsOver(job) && !subscription.Missed.Any(one => one.MayTellOf(id)))
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent; // a browser that has seen the end comes back no more
            return;
        }

        await stream.BeginAsync().ConfigureAwait(false);
        if (isMissing)
        {
            await WriteAsync(job).ConfigureAwait(false);
            if (IsOver(job))
            {
                return;
            }
        }

        var last = await SendAsync(subscription).ConfigureAwait(false);
        while (last is { Type: EventTypes.Reset })
        {
            // so much happened that nothing was told one by one: what became of this video is looked up
            using var more = hub.Subscribe(after: null);
            var now = queue.Find(id, caller);
            if (now is null || IsOver(now))
            {
                await WriteAsync(now ?? job, now is null ? EventTypes.Deleted : null).ConfigureAwait(false);
                return;
            }

            await WriteAsync(now).ConfigureAwait(false);
            last = await SendAsync(more).ConfigureAwait(false);
        }

        Task<ServerEvent?> SendAsync(EventSubscription from) => stream.SendAsync(from, one => one.MayTellOf(id), one => one.MayEnd(id));

        async Task WriteAsync(Job one, string? asType = null)
        {
            var type = asType ?? JobEvents.TypeOf(one.State);
            await stream.WriteAsync(id: null, type, events.BodyOf(type, one)).ConfigureAwait(false);
        }
    }

    private static bool IsOver(Job job) => job.State is not (JobState.Queued or JobState.Running);
}
