using System.Globalization;
using Microsoft.AspNetCore.Http;
using WanSharp.Jobs;
using WanSharp.Server.Contract;
using WanSharp.Server.Http;
using WanSharp.Server.Security;
using WanSharp.Server.Work;

namespace WanSharp.Server.Videos;

/// <summary>Takes requests for videos, and shows videos. Thread-safe.</summary>
internal sealed class VideoDesk(VideoQueue queue, VideoForms forms, ProgressBoard board)
{
    /// <summary>Reads a request for a video and puts that into the queue; one that is sent again with its key stays as it is.</summary>
    /// <param name="context">The request.</param>
    /// <param name="given">What a field takes that is left out.</param>
    /// <returns>The job, and whether it is new.</returns>
    public async Task<(Job Job, bool IsNew)> AddAsync(HttpContext context, VideoRequest given)
    {
        var body = await BodyReader.ReadAsync(context.Request, context.RequestAborted).ConfigureAwait(false);
        return await AddAsync(context, body, given, request => Task.FromResult((body, request))).ConfigureAwait(false);
    }

    /// <inheritdoc cref="AddAsync(HttpContext, VideoRequest)"/>
    /// <param name="context">The request.</param>
    /// <param name="body">Its body.</param>
    /// <param name="given">What a field takes that is left out.</param>
    /// <param name="prepare">
    /// Reads of the body what is not of every video, once it is known that there is room: what it leaves, and the request so far.
    /// </param>
    public async Task<(Job Job, bool IsNew)> AddAsync(
        HttpContext context,
        RequestBody body,
        VideoRequest given,
        Func<VideoRequest, Task<(RequestBody Body, VideoRequest Given)>> prepare
    )
    {
        var (caller, token) = (Caller.Of(context), context.RequestAborted);
        if (IdempotencyKey.Of(context) is { } key)
        {
            given = given with { Id = VideoId.Of(key.Owner, key.Text), Sha256 = await body.DigestAsync(token).ConfigureAwait(false) };
            if (queue.FindSame(given.Id, given.Sha256, caller) is { } there)
            {
                IdempotencyKey.Replayed(context);
                return (there, false); // before its files are fetched and kept again
            }
        }

        queue.RequireRoom(caller);
        (body, given) = await prepare(given).ConfigureAwait(false);
        var request = await forms.ReadAsync(body, given, caller, token).ConfigureAwait(false);
        var (job, isNew) = await queue.AddAsync(request, caller, token).ConfigureAwait(false);
        if (!isNew)
        {
            IdempotencyKey.Replayed(context);
        }

        return (job, isNew);
    }

    /// <summary>Answers with a video, and when to ask for it again.</summary>
    public Task SendAsync(HttpContext context, Job job)
    {
        if (board.PollAfter(job) is { Ticks: > 0 } wait)
        {
            context.Response.Headers["openai-poll-after-ms"] = wait.TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture);
        }

        return context.SendAsync(queue.Show(job), ServerJson.Readable.VideoObject);
    }
}
