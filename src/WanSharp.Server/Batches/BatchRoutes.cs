using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using WanSharp.Hosting;
using WanSharp.Jobs;
using WanSharp.Jobs.Batches;
using WanSharp.Jobs.Reports;
using WanSharp.Jobs.Storage;
using WanSharp.Server.Contract;
using WanSharp.Server.Http;
using WanSharp.Server.Security;
using WanSharp.Server.Videos;
using WanSharp.Server.Work;

namespace WanSharp.Server.Batches;

/// <summary>Many videos at once: files of jobs, and prompts times styles times seeds, as <c>wan batch</c> takes them.</summary>
internal sealed class BatchRoutes(VideoQueue queue, WanHost host) : IRoutes
{
    private const string Route = "/v1/videos/batches";
    private const string One = Route + "/{id}";

    /// <inheritdoc/>
    public bool TellsKeysApart => true;

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        var (batch, changed) = (ServerJson.Readable.BatchObject, ServerJson.Readable.ChangedObject);
        routes.MapPost(Route, CreateAsync).Describe("Asks for a batch of videos.", batch, BodyKind.Batch);
        routes.MapGet(Route, ListAsync).Describe("Lists the batches.", ServerJson.Readable.BatchList);
        routes.MapGet(One, context => SendAsync(context, Require(context))).Describe("A batch as it is now.", batch);
        routes.MapDelete(One, DeleteAsync).Describe("Deletes a batch with its videos.", changed);
        routes.MapPatch(One, PrioritizeAsync).Describe("Changes the priority of a batch.", changed, BodyKind.Priority);
        routes
            .MapGet(One + "/report", ReportAsync)
            .Describe("What a batch came to.")
            .Takes(("format", "json or html, a page with pictures. Default: json."))
            .Sends("application/json", "text/html");
        foreach (var (change, summary) in VideoChanges.All)
        {
            routes
                .MapPost($"{One}/{VideoChanges.NameOf(change)}", context => ChangeAsync(context, change))
                .Describe($"{summary}: of a batch.", changed);
        }
    }

    private async Task CreateAsync(HttpContext context)
    {
        var (caller, key) = (Caller.Of(context), IdempotencyKey.Of(context));
        using var upload = await BatchUpload.ReadAsync(context.Request, context.RequestAborted).ConfigureAwait(false);
        var id = key is null ? BatchRequest.NewId() : BatchRequest.IdOf(key.Owner, key.Text);
        if (key is not null && queue.Batches(caller, id).SingleOrDefault() is { } there)
        {
            await ReplayAsync(context, there, upload.Sha256).ConfigureAwait(false);
            return;
        }

        var batch = new BatchRequest(id, upload.Name, upload.Path, upload.Sha256);
        try
        {
            var (jobs, cached) = await queue
                .AddAsync(batch, upload.Entries, upload.IsDry, caller, context.RequestAborted)
                .ConfigureAwait(false);
            if (upload.IsDry)
            {
                var notes = jobs.SelectMany(job => job.Prepared.Notes).Distinct();
                await context
                    .SendAsync(
                        new DryRunObject(jobs.Count, cached, jobs.Count - cached, ClientText.OfAll(notes)),
                        ServerJson.Readable.DryRunObject
                    )
                    .ConfigureAwait(false);
                return;
            }
        }
        catch (BatchFileException exception)
        {
            throw new ApiException(
                400,
                "invalid_batch",
                $"{exception.Problems.Count} of {upload.Entries.Count} lines cannot be made, so none is: correct or remove them.",
                "file"
            )
            {
                Problems =
                [
                    .. exception.Problems.Select(one => new LineProblem(
                        one.Line,
                        one.Column,
                        ClientText.Of(upload.WithoutFolder(one.Message))
                    )),
                ],
            };
        }

        var made = queue.Batches(caller, batch.Id).SingleOrDefault();
        await SendAsync(context, made ?? throw ApiException.NotFound("The batch was deleted as soon as it was there."))
            .ConfigureAwait(false);
    }

    private Task ReplayAsync(HttpContext context, BatchListing there, string sha256)
    {
        if (VideoDetails.FromJson(queue.Find(there.FirstJob)?.Details)?.RequestSha256 != sha256)
        {
            throw ApiException.KeyReused();
        }

        IdempotencyKey.Replayed(context);
        return SendAsync(context, there);
    }

    private Task ListAsync(HttpContext context) =>
        context.SendAsync(new BatchList([.. queue.Batches(Caller.Of(context)).Select(Show)]), ServerJson.Readable.BatchList);

    private Task DeleteAsync(HttpContext context)
    {
        var batch = Require(context);
        return SendAsync(context, batch, queue.Delete(queue.IdsOf(batch.Id)));
    }

    private Task ChangeAsync(HttpContext context, VideoChange change)
    {
        var batch = Require(context);
        return SendAsync(context, batch, queue.Change(queue.IdsOf(batch.Id), change, Caller.Of(context)));
    }

    private async Task PrioritizeAsync(HttpContext context)
    {
        var batch = Require(context);
        var priority = await QueueRoutes.PriorityAsync(context).ConfigureAwait(false);
        await SendAsync(context, batch, queue.Prioritize(queue.IdsOf(batch.Id), priority)).ConfigureAwait(false);
    }

    /// <summary>What the batch came to: figures and each video, or with <c>?format=html</c> a page with the clips' pictures.</summary>
    private async Task ReportAsync(HttpContext context)
    {
        var batch = Require(context);
        var jobs = queue
            .IdsOf(batch.Id)
            .Select(queue.Find)
            .OfType<Job>()
            .Select(job => job with { Error = VideoObjects.ReasonOf(job) })
            .ToList();
        var report = BatchReport.From(jobs, host.Options.Clock.GetUtcNow());
        var isPage = context.Request.Query["format"].FirstOrDefault() switch
        {
            null or "json" => false,
            "html" => true,
            var other => throw ApiException.Invalid("format", $"The format is json or html, not '{other}'."),
        };
        context.Response.Headers.CacheControl = "no-store";
        var text = isPage
            ? await ReportFiles.PageAsync(queue.Folder, report, host.FindFfmpeg(), context.RequestAborted).ConfigureAwait(false)
            : report.ToJson();
        if (isPage)
        {
            // it is one file with its own style, and runs nothing
            context.Response.Headers.ContentSecurityPolicy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";
        }

        await Results
            .Text(text, isPage ? "text/html; charset=utf-8" : "application/json; charset=utf-8")
            .ExecuteAsync(context)
            .ConfigureAwait(false);
    }

    private BatchListing Require(HttpContext context) =>
        queue.Batches(Caller.Of(context), context.Id()!).SingleOrDefault()
        ?? throw ApiException.NotFound($"There is no batch '{context.Id()}': GET {Route} lists them.");

    private BatchObject Show(BatchListing batch)
    {
        var details = VideoDetails.FromJson(queue.Find(batch.FirstJob)?.Details);
        var (counts, open) = (batch.Counts, batch.Counts.Queued + batch.Counts.Running);
        return new BatchObject
        {
            Id = batch.Id,
            Name = details?.BatchName ?? "",
            Status =
                open == 0 ? "completed"
                : batch.Held == open ? "paused"
                : "in_progress",
            CreatedAt = (details?.CreatedAt ?? 0) / 1000,
            CompletedAt = open == 0 ? batch.FinishedAt?.ToUnixTimeSeconds() : null,
            Total = counts.Total,
            Queued = counts.Queued,
            InProgress = counts.Running,
            Completed = counts.Succeeded,
            Failed = counts.Failed,
            Cancelled = counts.Cancelled,
        };
    }

    private Task SendAsync(HttpContext context, BatchListing batch) => context.SendAsync(Show(batch), ServerJson.Readable.BatchObject);

    private static Task SendAsync(HttpContext context, BatchListing batch, int changed) =>
        context.SendAsync(new ChangedObject(batch.Id, changed), ServerJson.Readable.ChangedObject);
}
