using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;

namespace WanSharp.Server.Http;

/// <summary>What a route does, for the OpenAPI document.</summary>
/// <param name="Summary">One line.</param>
/// <param name="Answer">The object that it answers with; null for a file or a stream.</param>
/// <param name="Body">What it takes.</param>
internal sealed record Described(string Summary, JsonTypeInfo? Answer, BodyKind Body);

/// <summary>Says what routes do.</summary>
internal static class DescribedRoutes
{
    /// <summary>Says what a route does.</summary>
    public static TBuilder Describe<TBuilder>(
        this TBuilder route,
        string summary,
        JsonTypeInfo? answer = null,
        BodyKind body = BodyKind.None
    )
        where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new Described(summary, answer, body));
}
