using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using WanSharp.Engine.Requests;
using WanSharp.Hosting.Batches;
using WanSharp.Jobs;
using WanSharp.Jobs.Batches;
using WanSharp.Server.Http;
using WanSharp.Server.Security;
using WanSharp.Server.Videos;
using WanSharp.Server.Work;

namespace WanSharp.Server.Page;

/// <summary>What a video would be, and cost: checked as if it were asked for, and not made.</summary>
internal sealed class PlanRoutes(ServerOptions options, VideoQueue queue, VideoForms forms, OpenedResults results, ModelFacts facts)
    : IRoutes
{
    /// <inheritdoc/>
    public bool TellsKeysApart => true;

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapPost("/v1/plan", PlanAsync)
            .Describe("What a video would be, and how long it would take.", PageJson.Readable.PlanObject, BodyKind.Video)
            .Takes(("remix_of", "The video whose settings a field takes that is left out."));

    private async Task PlanAsync(HttpContext context)
    {
        var token = context.RequestAborted;
        var body = await BodyReader.ReadAsync(context.Request, token).ConfigureAwait(false);
        var caller = Caller.Of(context);
        var request = await forms
            .ReadAsync(body, Given(context.Request.Query["remix_of"].FirstOrDefault(), caller), caller, token)
            .ConfigureAwait(false);
        var job = await queue.PlanAsync(request, token).ConfigureAwait(false);
        var settings = GenerationSettings.FromJson(job.Prepared.Settings);
        var isKept =
            request.Entry.UseCache
            && job.Prepared.ResultKey is { } key
            && results.Cache?.Contains(key, Path.GetExtension(job.Output)) == true;
        var cost = facts.IsLocal ? await facts.CostAsync(KeptPictures.Found(job.Request, options), token).ConfigureAwait(false) : null;
        await context
            .SendAsync(
                new PlanObject(
                    Size: settings is null ? null : string.Create(CultureInfo.InvariantCulture, $"{settings.Width}x{settings.Height}"),
                    NumFrames: settings?.Frames,
                    Fps: settings?.Fps,
                    NumInferenceSteps: job.Prepared.Steps,
                    Seed: job.Prepared.Seed,
                    Seconds: cost?.Seconds,
                    Measuring: facts.IsLocal && cost is null,
                    MemoryBytes: cost?.PrivateBytes,
                    Cached: isKept,
                    Queued: queue.Counts(caller).Queued,
                    Notes: ClientText.OfAll(job.Prepared.Notes)
                ),
                PageJson.Readable.PlanObject
            )
            .ConfigureAwait(false);
    }

    /// <summary>What a field that is left out takes: that of the video that is made again, or the model's default.</summary>
    private VideoRequest Given(string? source, Caller caller)
    {
        var job = source is null ? null : queue.Require(source, caller);
        return new VideoRequest
        {
            Format = job is null ? null : Path.GetExtension(job.Output),
            Entry = new BatchEntry
            {
                Line = 1,
                Style = job?.Style,
                Request = job is null ? new JobRequest { Prompt = "" } : job.Request with { Prompt = "", Template = null },
            },
        };
    }
}
