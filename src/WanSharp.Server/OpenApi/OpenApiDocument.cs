using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using WanSharp.Server.Contract;
using WanSharp.Server.Http;
using WanSharp.Server.Videos;

namespace WanSharp.Server.OpenApi;

/// <summary>The OpenAPI document: paths from the routes, objects from their types, fields of requests from the list of settings.</summary>
internal static class OpenApiDocument
{
    private const string Json = "application/json";
    private const string Form = "multipart/form-data";

    /// <summary>Makes the document.</summary>
    /// <param name="endpoints">The server's routes; those that are not described are left out.</param>
    public static JsonObject Of(IEnumerable<Endpoint> endpoints)
    {
        var (paths, schemas) = (new JsonObject(), new JsonObject());
        Add(schemas, ServerJson.Readable.ErrorBody);
        foreach (var route in endpoints.OfType<RouteEndpoint>())
        {
            if (route.Metadata.GetMetadata<Described>() is not { } described)
            {
                continue;
            }

            var path = route.RoutePattern.RawText!;
            var operations = paths[path] as JsonObject ?? [];
            paths[path] = operations;
            foreach (var method in route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods)
            {
                operations[method.ToLowerInvariant()] = Operation(route, described, method, schemas);
            }
        }

        return new JsonObject
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject
            {
                ["title"] = "WanSharp",
                ["version"] = "1",
                ["description"] = "Videos from prompts and pictures: the videos API, batches, events.",
            },
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["schemas"] = schemas,
                ["securitySchemes"] = new JsonObject
                {
                    ["key"] = new JsonObject { ["type"] = "http", ["scheme"] = "bearer" },
                },
            },
            ["security"] = new JsonArray(new JsonObject(), new JsonObject { ["key"] = new JsonArray() }),
        };
    }

    private static JsonObject Operation(RouteEndpoint route, Described described, string method, JsonObject schemas)
    {
        var operation = new JsonObject
        {
            ["operationId"] = NameOf(method, route.RoutePattern.RawText!),
            ["summary"] = described.Summary,
            ["responses"] = new JsonObject
            {
                ["200"] = Answer(route, described, schemas),
                ["default"] = new JsonObject
                {
                    ["description"] = "What is wrong.",
                    ["content"] = Content(Json, Add(schemas, ServerJson.Readable.ErrorBody)),
                },
            },
        };
        var parameters = route
            .RoutePattern.Parameters.Select(one => Parameter(one.Name, "path", "Its id."))
            .Concat((route.Metadata.GetMetadata<TakesQuery>()?.Fields ?? []).Select(one => Parameter(one.Name, "query", one.Help)))
            .ToArray<JsonNode?>();
        if (parameters.Length > 0)
        {
            operation["parameters"] = new JsonArray(parameters);
        }

        if (Body(described.Body) is { } body)
        {
            operation["requestBody"] = body;
        }

        return operation;
    }

    /// <summary>What a route answers with: an object, files, or nothing.</summary>
    private static JsonObject Answer(RouteEndpoint route, Described described, JsonObject schemas)
    {
        var answer = new JsonObject { ["description"] = "Done." };
        if (described.Answer is { } type)
        {
            answer["content"] = Content(Json, Add(schemas, type));
        }
        else if (route.Metadata.GetMetadata<Sends>() is { Types: var types })
        {
            answer["content"] = new JsonObject(types.Select(one => KeyValuePair.Create(one, (JsonNode?)new JsonObject())));
        }

        return answer;
    }

    private static JsonObject Parameter(string name, string place, string help) =>
        new()
        {
            ["name"] = name,
            ["in"] = place,
            ["description"] = help,
            ["required"] = place == "path",
            ["schema"] = new JsonObject { ["type"] = "string" },
        };

    /// <summary>A name such as <c>post_v1_videos_id_remix</c>.</summary>
    private static string NameOf(string method, string path) =>
        method.ToLowerInvariant()
        + path.Replace("{", "", StringComparison.Ordinal).Replace("}", "", StringComparison.Ordinal).Replace('/', '_');

    private static JsonObject? Body(BodyKind kind) =>
        kind switch
        {
            BodyKind.Video => Both(Object(VideoFields.Schema(), "prompt")),
            BodyKind.Sequel => Both(Object([.. VideoFields.Schema(), new("video", VideoFields.Source())], "prompt", "video")),
            BodyKind.Edit => Both(Object(VideoFields.Schema())),
            BodyKind.Batch => Both(
                Object([
                    .. VideoFields.SettingsSchema(),
                    new("file", new JsonObject { ["type"] = "string", ["format"] = "binary" }),
                    new("prompts", Text("Prompts, a line each; instead of a file.")),
                    new("styles", Text("Styles to combine the prompts with, with commas.")),
                    new("seeds", Text("Seeds to combine them with: 7, 0..3, random:4.")),
                    new("priority", new JsonObject { ["type"] = "integer" }),
                    new("name", Text("What to call the batch.")),
                    new("dry_run", new JsonObject { ["type"] = "boolean" }),
                ])
            ),
            BodyKind.Priority => Only(Object([new("priority", new JsonObject { ["type"] = "integer" })], "priority")),
            BodyKind.Order => Only(
                Object([
                    new("ids", new JsonObject { ["type"] = "array", ["items"] = Text("A video's id.") }),
                    new("id", Text("Instead of ids: the video that is moved.")),
                    new("before", Text("The video that comes right after it.")),
                    new("after", Text("Or the video that comes right before it.")),
                ])
            ),
            BodyKind.Key => Only(Object([new("key", Text("The key."))], "key")),
            _ => null,
        };

    private static JsonObject Both(JsonObject schema) =>
        new()
        {
            ["required"] = true,
            ["content"] = new JsonObject
            {
                [Json] = new JsonObject { ["schema"] = schema },
                [Form] = new JsonObject { ["schema"] = schema.DeepClone() },
            },
        };

    private static JsonObject Only(JsonObject schema) => new() { ["required"] = true, ["content"] = Content(Json, schema) };

    private static JsonObject Content(string type, JsonNode schema) => new() { [type] = new JsonObject { ["schema"] = schema } };

    private static JsonObject Object(IEnumerable<KeyValuePair<string, JsonNode?>> fields, params string[] required)
    {
        var schema = new JsonObject
        {
            ["type"] = "object",
            ["additionalProperties"] = false,
            ["properties"] = new JsonObject(fields),
        };
        if (required.Length > 0)
        {
            schema["required"] = new JsonArray([.. required.Select(name => (JsonNode)name)]);
        }

        return schema;
    }

    private static JsonObject Text(string what) => new() { ["type"] = "string", ["description"] = what };

    /// <summary>Adds an object's schema, once; returns what refers to it.</summary>
    private static JsonObject Add(JsonObject schemas, JsonTypeInfo type)
    {
        schemas[type.Type.Name] ??= type.GetJsonSchemaAsNode();
        return new JsonObject { ["$ref"] = $"#/components/schemas/{type.Type.Name}" };
    }
}
