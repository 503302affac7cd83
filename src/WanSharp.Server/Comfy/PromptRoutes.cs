using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using WanSharp.Jobs;
using WanSharp.Server.Http;
using WanSharp.Server.Security;
using WanSharp.Server.Work;
using WanSharp.Storage;
using WanSharp.Tensors;

namespace WanSharp.Server.Comfy;

/// <summary>ComfyUI's API: sending prompts, the queue, what became of them. </summary>
/// <remarks>Source: comfyanonymous/ComfyUI server.py, execution.py.</remarks>
internal sealed class PromptRoutes(VideoQueue queue, PromptQueue prompts, GraphReader reader) : IRoutes
{
    private const int LongestClient = 256;
    private const int MostHistory = 10_000;

    /// <summary>How much a client may keep with a prompt, in characters: it is read with each look at the prompt.</summary>
    private const int MostRecord = 1 << 20;

    /// <summary>Where the editor puts its own form of the workflow, for files that keep it.</summary>
    private const string EditorsGraph = "extra_pnginfo";

    /// <summary>How much of what clients keep with their prompts one answer holds: an editor's graph may have megabytes.</summary>
    private const int MostHistoryLength = 32 << 20;

    private static readonly (string Name, JobState State)[] Lists =
    [
        ("queue_running", JobState.Running),
        ("queue_pending", JobState.Queued),
    ];

    /// <summary>Each route is there under this, too.</summary>
    private static readonly string[] Prefixes = ["", "/api"];

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        foreach (var prefix in Prefixes)
        {
            routes.MapPost(prefix + "/prompt", SendAsync);
            routes.MapGet(prefix + "/prompt", context => context.SendAsync(Status()));
            routes.MapGet(prefix + "/queue", QueueAsync);
            routes.MapPost(prefix + "/queue", ChangeQueueAsync);
            routes.MapPost(prefix + "/interrupt", InterruptAsync);
            routes.MapGet(prefix + "/history", HistoryAsync);
            routes.MapGet(prefix + "/history/{id}", HistoryOfOneAsync);
            routes.MapPost(prefix + "/history", ChangeHistoryAsync);
        }
    }

    /// <summary>How many prompts wait or run, as ComfyUI says it.</summary>
    private JsonObject Status()
    {
        var counts = queue.Counts(Caller.Anyone);
        return new JsonObject { ["exec_info"] = new JsonObject { ["queue_remaining"] = counts.Queued + counts.Running } };
    }

    private async Task SendAsync(HttpContext context)
    {
        try
        {
            var body = await context.ReadAsync().ConfigureAwait(false);
            var (job, isFirst) = await AddAsync(body, Caller.Of(context), context.RequestAborted).ConfigureAwait(false);
            await context
                .SendAsync(
                    new JsonObject
                    {
                        ["prompt_id"] = PromptView.IdOf(job),
                        ["number"] = isFirst ? -job.Id : job.Id,
                        ["node_errors"] = new JsonObject(),
                    }
                )
                .ConfigureAwait(false);
        }
        catch (GraphException exception)
        {
            await context.SendAsync(exception.ToJson(), StatusCodes.Status400BadRequest).ConfigureAwait(false);
        }
        catch (ApiException exception)
        {
            // its clients read what is wrong in ComfyUI's form alone
            ErrorAnswers.SetRetryAfter(context.Response, exception);
            await context.SendAsync(new GraphException(exception.Code, exception.Message).ToJson(), exception.Status).ConfigureAwait(false);
        }
    }

    private async Task<(Job Job, bool IsFirst)> AddAsync(JsonObject body, Caller caller, CancellationToken cancellationToken)
    {
        var targets = body["partial_execution_targets"] is JsonArray ? body.Texts("partial_execution_targets") : null;
        var graph = PromptGraph.Read(body["prompt"], targets);
        var request = reader.Read(graph);
        var isFirst =
            body.Flag("front") || (body["number"]?.GetValueKind() == JsonValueKind.Number && body["number"]!.GetValue<double>() < 0);
        var extra = body["extra_data"] as JsonObject ?? [];
        var client = body.Text("client_id") ?? extra.Text("client_id");
        if (client?.Length > LongestClient)
        {
            throw new GraphException("invalid_client_id", $"The client_id is longer than {LongestClient} characters.");
        }

        extra = extra.DeepClone().AsObject();
        if (client is not null)
        {
            extra["client_id"] = client;
        }

        var record = new PromptRecord(body["prompt"]!.AsObject(), extra, client, graph.Outputs, isFirst);
        var kept = record.ToJson();
        if (kept.Length > MostRecord && extra.Remove(EditorsGraph)) // it changes no clip, and its editor cannot leave it out
        {
            kept = record.ToJson();
        }

        if (kept.Length > MostRecord)
        {
            throw new GraphException(
                "prompt_too_large",
                $"The prompt has {kept.Length >> 10} kB with its extra_data, and {MostRecord >> 10} are kept: leave some out."
            );
        }

        request = request with { Id = VideoId.Of(IdOf(body)), Sha256 = Digests.OfText(graph.ToJson()), Workflow = kept };
        try
        {
            var (job, isNew) = await queue.AddAsync(request, caller, cancellationToken).ConfigureAwait(false);
            if (isFirst && isNew)
            {
                queue.PutFirst(job.Id);
            }

            return (job, isFirst);
        }
        catch (InvalidRequestException exception)
        {
            throw GraphReader.Refused(graph, exception);
        }
    }

    /// <summary>The id that the client chose, or a new one.</summary>
    private static Guid IdOf(JsonObject body) =>
        body["prompt_id"] is null ? Guid.CreateVersion7()
        : Guid.TryParseExact(body.Text("prompt_id"), "D", out var id) && id.ToString("D") == body.Text("prompt_id") ? id
        : throw new GraphException(
            "invalid_prompt_id",
            "The prompt_id is not a UUID in lower case, such as " + Guid.CreateVersion7() + "."
        );

    /// <summary>
    /// What runs and what waits, sent as it is read: ten thousand graphs may have gigabytes together. After the first megabytes of them
    /// only the places, ids and outputs are told, which is what clients look for.
    /// </summary>
    private async Task QueueAsync(HttpContext context)
    {
        var length = 0L;
        using var answer = new ComfyStream(context);
        foreach (var (name, state) in Lists)
        {
            answer.Json.WriteStartArray(name);
            foreach (var view in prompts.All(state))
            {
                length += view.Job.Details?.Length ?? 0;
                view.Item(isWhole: length <= MostHistoryLength).WriteTo(answer.Json);
                await answer.SendAsync().ConfigureAwait(false);
            }

            answer.Json.WriteEndArray();
        }

        await answer.EndAsync().ConfigureAwait(false);
    }

    private async Task ChangeQueueAsync(HttpContext context)
    {
        var body = await context.ReadAsync().ConfigureAwait(false);
        if (body.Flag("clear"))
        {
            queue.Delete(prompts.All(JobState.Queued).Select(view => view.Job.Id).ToList());
        }

        foreach (var view in body.Texts("delete").Select(prompts.Find).OfType<PromptView>().Where(one => one.Job.State == JobState.Queued))
        {
            prompts.Stop(view);
        }
    }

    /// <summary>Stops the prompt that runs: the one that is named, or all of them.</summary>
    private async Task InterruptAsync(HttpContext context)
    {
        var id = (await context.ReadAsync().ConfigureAwait(false)).Text("prompt_id");
        foreach (var view in prompts.All(JobState.Running).Where(view => id is null || view.Id == id).ToList())
        {
            prompts.Stop(view);
        }
    }

    private Task HistoryAsync(HttpContext context)
    {
        var most = Number(context, "max_items") is { } items and >= 0 ? Math.Min(items, MostHistory) : MostHistory;
        // without an offset the newest, as many as are asked for; with one, those from there on
        var offset = Number(context, "offset") ?? -1;
        var views =
            offset >= 0
                ? Some(prompts.All(null).Where(view => view.IsHistory).Skip(offset).Take(most))
                : Some(prompts.All(null, newestFirst: true).Where(view => view.IsHistory).Take(most)).Reverse();
        return context.SendAsync(new JsonObject(views.Select(view => KeyValuePair.Create(view.Id, (JsonNode?)view.History()))));
    }

    /// <summary>The first of some prompts, as many as one answer can hold; the next request begins after them.</summary>
    private static IEnumerable<PromptView> Some(IEnumerable<PromptView> views)
    {
        var length = 0L;
        foreach (var view in views)
        {
            yield return view;
            length += view.Job.Details?.Length ?? 0;
            if (length > MostHistoryLength)
            {
                yield break;
            }
        }
    }

    private Task HistoryOfOneAsync(HttpContext context) =>
        context.SendAsync(
            prompts.Find(context.Id()) is { IsHistory: true } view ? new JsonObject { [view.Id] = view.History() } : new JsonObject()
        );

    /// <summary>Forgets prompts that have ended: their clips go with them.</summary>
    private async Task ChangeHistoryAsync(HttpContext context)
    {
        var body = await context.ReadAsync().ConfigureAwait(false);
        var ended = body.Flag("clear") ? prompts.All(null) : body.Texts("delete").Select(prompts.Find).OfType<PromptView>();
        queue.Delete(ended.Where(view => view.IsHistory).Select(view => view.Job.Id).ToList());
    }

    private static int? Number(HttpContext context, string name) =>
        int.TryParse(
            context.Request.Query[name].FirstOrDefault(),
            NumberStyles.AllowLeadingSign,
            CultureInfo.InvariantCulture,
            out var number
        )
            ? number
            : null;
}
