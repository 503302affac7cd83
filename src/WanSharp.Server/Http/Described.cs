using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;

namespace WanSharp.Server.Http;

/// <summary>What a route does, for the OpenAPI document.</summary>
/// <param name="Summary">One line.</param>
/// <param name="Answer">The object that it answers with; null for a file or a stream.</param>
/// <param name="Body">What it takes.</param>
internal sealed record Described(string Summary, JsonTypeInfo? Answer, BodyKind Body);

/// <summary>What a route reads of its query, for the OpenAPI document.</summary>
/// <param name="Fields">Each field with what it says.</param>
internal sealed record TakesQuery(IReadOnlyList<(string Name, string Help)> Fields);

/// <summary>The types of what a route sends that is no object, for the OpenAPI document.</summary>
/// <param name="Types">The media types.</param>
internal sealed record Sends(IReadOnlyList<string> Types);

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

    /// <summary>Says what a route reads of its query.</summary>
    public static TBuilder Takes<TBuilder>(this TBuilder route, params (string Name, string Help)[] fields)
        where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new TakesQuery(fields));

    /// <summary>Says which files or streams a route sends.</summary>
    public static TBuilder Sends<TBuilder>(this TBuilder route, params string[] types)
        where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new Sends(types));
}
