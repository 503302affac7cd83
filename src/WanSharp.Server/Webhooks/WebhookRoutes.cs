using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using WanSharp.Server.Contract;
using WanSharp.Server.Http;
using WanSharp.Server.Security;

namespace WanSharp.Server.Webhooks;

/// <summary>What became of messages to other programs, and sending those again that were given up.</summary>
internal sealed class WebhookRoutes(WebhookStore store, WebhookSender sender, TimeProvider clock) : IRoutes
{
    private const int Most = 200;

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        var admin = new Needs(KeyScope.Admin);
        routes
            .MapGet("/v1/webhooks/deliveries", ListAsync)
            .WithMetadata(admin)
            .Describe("The latest messages to other programs.", ServerJson.Readable.DeliveryList)
            .Takes(("status", "Those that are waiting, delivered or dead alone; the dead were given up."));
        routes
            .MapPost("/v1/webhooks/deliveries/retry", context => RetryAsync(context, id: null))
            .WithMetadata(admin)
            .Describe("Sends all messages again that were given up.", ServerJson.Readable.RetriedObject);
        routes
            .MapPost("/v1/webhooks/deliveries/{id}/retry", context => RetryAsync(context, context.Id()))
            .WithMetadata(admin)
            .Describe("Sends a message again that was given up.", ServerJson.Readable.RetriedObject);
    }

    private Task ListAsync(HttpContext context)
    {
        DeliveryState? state = context.Request.Query["status"].FirstOrDefault() switch
        {
            null => null,
            "waiting" => DeliveryState.Waiting,
            "delivered" => DeliveryState.Delivered,
            "dead" => DeliveryState.Dead,
            var other => throw ApiException.Invalid("status", $"The status is waiting, delivered or dead, not '{other}'."),
        };
        return context.SendAsync(new DeliveryList([.. store.List(state, Most).Select(Show)]), ServerJson.Readable.DeliveryList);
    }

    private Task RetryAsync(HttpContext context, string? id)
    {
        var count = store.Retry(id, clock.GetUtcNow().ToUnixTimeSeconds());
        sender.Wake();
        return count > 0 || id is null
            ? context.SendAsync(new RetriedObject(count), ServerJson.Readable.RetriedObject)
            : throw ApiException.NotFound($"No message '{id}' was given up.");
    }

    private static DeliveryObject Show(Delivery one) =>
        new(
            one.Id,
            one.Url,
            one.Type,
            one.State.ToString().ToLowerInvariant(),
            one.Attempts,
            one.CreatedAt,
            one.State == DeliveryState.Waiting ? one.NextAt : null,
            one.Error
        );
}
