using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using WanSharp.Jobs;
using WanSharp.Jobs.Batches;
using WanSharp.Server.Contract;
using WanSharp.Server.Http;
using WanSharp.Server.Security;
using WanSharp.Server.Work;

namespace WanSharp.Server.Videos;

/// <summary>Changes what waits: which video it is to be, and the order in which videos are made.</summary>
internal sealed class EditRoutes(VideoQueue queue, VideoForms forms, ServerOptions options) : IRoutes
{
    /// <summary>How often a change is put on top of what others change at the same time.</summary>
    private const int MostMerges = 5;

    /// <summary>Fields that a style changes, and so cannot be told from what was asked for.</summary>
    private static readonly string[] Styled = ["prompt", "negative", "negative_prompt", "style"];

    /// <inheritdoc/>
    public bool TellsKeysApart => true;

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapPatch("/v1/videos/{id}", ChangeAsync)
            .Describe("Changes a video's priority, or while it waits what it is to be.", ServerJson.Readable.VideoObject, BodyKind.Edit);
        routes
            .MapPost("/v1/queue/order", OrderAsync)
            .Describe("Has videos made first, in the order of their ids.", ServerJson.Readable.OrderedObject, BodyKind.Order);
    }

    /// <summary>Changes a video's priority at any time before its end; other fields while it waits.</summary>
    private async Task ChangeAsync(HttpContext context)
    {
        var (caller, token) = (Caller.Of(context), context.RequestAborted);
        var job = queue.Require(context.Id(), caller);
        var body = await BodyReader.ReadAsync(context.Request, token).ConfigureAwait(false);
        if (body is { Fields: [{ Name: "priority", Text: var text }], Files: [] })
        {
            if (queue.Prioritize([job.Id], VideoFields.Priority(text)) == 0)
            {
                throw TooLate("The video is done, or failed: its priority changes nothing any more.");
            }
        }
        else
        {
            await EditAsync(context, job, body).ConfigureAwait(false);
        }

        await context.SendAsync(queue.Show(queue.Require(context.Id(), caller)), ServerJson.Readable.VideoObject).ConfigureAwait(false);
    }

    /// <summary>Makes a video what a body says, and leaves the rest as it is by then: what others change meanwhile is not undone.</summary>
    private async Task EditAsync(HttpContext context, Job job, RequestBody body)
    {
        for (var i = 0; i < MostMerges; i++)
        {
            var request = await forms.ReadAsync(body, AsItIs(job, body), Caller.Of(context), context.RequestAborted).ConfigureAwait(false);
            if (request.Format != Path.GetExtension(job.Output))
            {
                throw ApiException.Invalid("format", "The format is settled when a video is asked for: delete it, and ask for a new one.");
            }

            if (await queue.EditAsync(job, request, context.RequestAborted).ConfigureAwait(false))
            {
                return;
            }

            job = queue.Require(context.Id(), Caller.Of(context));
            if (job.State != JobState.Queued)
            {
                throw TooLate("The video is being made, or was: pause it first, or ask for a remix.");
            }
        }

        throw new ApiException(409, "changed_meanwhile", "Others keep changing this video: ask again in a moment.");
    }

    /// <summary>The request that a video is now.</summary>
    /// <exception cref="ApiException">What is to be changed is not known apart any more from the style that was applied to it.</exception>
    private static VideoRequest AsItIs(Job job, RequestBody body)
    {
        if (job.Style is { } style && Styled.FirstOrDefault(body.Has) is { } field)
        {
            throw ApiException.Invalid(field, $"The style '{style}' is in the video's texts already: delete it, and ask for a new one.");
        }

        return new VideoRequest
        {
            Id = VideoId.OfFile(job.Output),
            Format = Path.GetExtension(job.Output),
            User = VideoDetails.FromJson(job.Details)?.User,
            Entry = new BatchEntry
            {
                Line = 1,
                Request = job.Request with { Template = null },
                Priority = job.Priority,
                UseCache = job.ResultKey is not null,
            },
        };
    }

    private async Task OrderAsync(HttpContext context)
    {
        var caller = Caller.Of(context);
        if (!caller.SeesAll)
        {
            throw new ApiException(403, "own_videos_only", $"The key '{caller.Name}' sees its own videos alone, and orders none.");
        }

        using var body = await JsonDocument.ParseAsync(context.Request.Body, default, context.RequestAborted).ConfigureAwait(false);
        var ordered = Members(body.RootElement) switch
        {
            [("ids", { ValueKind: JsonValueKind.Array } ids)] when ids.GetArrayLength() <= options.MostQueued => queue.Order([
                .. ids.EnumerateArray().Select(id => IdOf(id, caller)).Distinct(),
            ]),
            [("id", var id), ("before" or "after", var other) and var (name, _)] => queue.Move(
                IdOf(id, caller),
                IdOf(other, caller),
                name == "after"
            )
                ? 1
                : 0,
            _ => throw NoOrder(),
        };
        await context.SendAsync(new OrderedObject(ordered), ServerJson.Readable.OrderedObject).ConfigureAwait(false);
    }

    /// <summary>The members of an object by their names; the one that is moved comes first.</summary>
    private static List<(string Name, JsonElement Value)> Members(JsonElement body) =>
        body.ValueKind == JsonValueKind.Object
            ? [.. body.EnumerateObject().Select(member => (member.Name, member.Value)).OrderBy(member => member.Name != "id")]
            : [];

    private long IdOf(JsonElement id, Caller caller) =>
        id.ValueKind == JsonValueKind.String ? queue.Require(id.GetString(), caller).Id : throw NoOrder();

    private ApiException NoOrder() =>
        ApiException.Invalid(
            "ids",
            $"Send {{\"ids\": [\"video_…\", …]}}, {options.MostQueued} at most, the first first; or {{\"id\": \"video_…\", \"before\": "
                + "\"video_…\"}, or \"after\"."
        );

    private static ApiException TooLate(string message) => new(409, "too_late", message);
}
