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
        routes.MapGet("/v1/events", AllAsync).Describe("Events of all videos, or of a batch, as they happen.");
        routes.MapGet("/v1/videos/{id}/events", OneAsync).Describe("Events of a video until its end.");
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
        var id = context.Id()!;
        var caller = Caller.Of(context);
        queue.Require(id, caller);
        var stream = new EventStream(context, hub);
        using var subscription = hub.Subscribe(stream.LastEventId);
        var job = queue.Require(id, caller); // as it is once nothing more is missed
        await stream.BeginAsync().ConfigureAwait(false);
        if (stream.LastEventId is null || !subscription.IsWhole)
        {
            await stream
                .WriteAsync(id: null, JobEvents.TypeOf(job.State), events.BodyOf(JobEvents.TypeOf(job.State), job))
                .ConfigureAwait(false);
            if (job.State is not (JobState.Queued or JobState.Running))
            {
                return;
            }
        }

        await stream.SendAsync(subscription, one => one.Subject == id, one => one.IsLast).ConfigureAwait(false);
    }
}
