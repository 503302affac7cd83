using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using WanSharp.Jobs;
using WanSharp.Server.Http;

namespace WanSharp.Server.Comfy;

/// <summary>ComfyUI's newer list of jobs. Source: comfyanonymous/ComfyUI server.py, comfy_execution/jobs.py.</summary>
internal sealed class JobRoutes(PromptQueue prompts) : IRoutes
{
    private const int LargestPage = 1000;
    private const int UsualPage = 100;

    private static readonly Dictionary<string, JobState> States = Enum.GetValues<JobState>().ToDictionary(PromptView.StatusOf);

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/jobs", ListAsync);
        routes.MapGet("/api/jobs/{id}", GetAsync);
        routes.MapPost("/api/jobs/{id}/cancel", CancelAsync);
    }

    private Task ListAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var asked = query["status"].FirstOrDefault() is { Length: > 0 } text ? text.Split(',').Select(StateOf).ToHashSet() : null;
        var isAscending = query["sort_order"].FirstOrDefault() switch
        {
            null or "desc" => false,
            "asc" => true,
            var other => throw ApiException.Invalid("sort_order", $"The sort_order is asc or desc, not '{other}'."),
        };
        var (offset, limit) = (Number(query, "offset") ?? 0, Math.Min(Number(query, "limit") ?? UsualPage, LargestPage));
        var workflow = query["workflow_id"].FirstOrDefault();
        var all = prompts
            .All(null, newestFirst: !isAscending)
            .Where(view => asked is null || asked.Contains(view.Job.State))
            .Where(view => workflow is null || view.AsJob(isWhole: false).Text("workflow_id") == workflow)
            .ToList();
        return context.SendAsync(
            new JsonObject
            {
                ["jobs"] = new JsonArray([.. all.Skip(offset).Take(limit).Select(view => view.AsJob(isWhole: false))]),
                ["pagination"] = new JsonObject
                {
                    ["offset"] = offset,
                    ["limit"] = limit,
                    ["total"] = all.Count,
                    ["has_more"] = offset + limit < all.Count,
                },
            }
        );
    }

    private Task GetAsync(HttpContext context) => context.SendAsync(Require(context).AsJob(isWhole: true));

    private Task CancelAsync(HttpContext context) =>
        context.SendAsync(new JsonObject { ["cancelled"] = prompts.Find(context.Id()) is { } view && prompts.Stop(view) });

    private PromptView Require(HttpContext context) =>
        prompts.Find(context.Id()) ?? throw ApiException.NotFound($"There is no job '{context.Id()}': /api/jobs lists them.");

    private static JobState StateOf(string text) =>
        States.TryGetValue(text.Trim(), out var state)
            ? state
            : throw ApiException.Invalid("status", $"The status is one of {string.Join(", ", States.Keys)}, not '{text}'.");

    private static int? Number(IQueryCollection query, string name) =>
        query[name].FirstOrDefault() switch
        {
            null or "" => null,
            var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) => number,
            var text => throw ApiException.Invalid(name, $"The {name} is a whole number from 0, not '{text}'."),
        };
}
