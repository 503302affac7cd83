using System.Text.Json;

namespace WanSharp.Server.Tests;

public sealed class OpenApiTests : IAsyncLifetime
{
    private TestServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Document_NamesEveryRoute()
    {
        var (_, document) = await _server.GetAsync("/openapi.json");

        var paths = document.GetProperty("paths").EnumerateObject().ToDictionary(path => path.Name, path => path.Value);
        var undescribed = _server
            .Routes.Where(route => route.StartsWith("/v1/", StringComparison.Ordinal) && !paths.ContainsKey(route))
            .ToList();
        // what refuses whatever it is sent is left out, and so are the APIs of ComfyUI and MCP
        Assert.Equal(["/v1/videos/characters", "/v1/videos/edits", "/v1/videos/extensions"], undescribed.Order());
        var names = paths.Values.SelectMany(path => path.EnumerateObject()).Select(one => one.Value.GetProperty("operationId").GetString());
        Assert.Equal(names.Count(), names.Distinct().Count());
    }

    [Fact]
    public async Task Document_RefersToWhatItHas()
    {
        var (_, document) = await _server.GetAsync("/openapi.json");
        var schemas = document.GetProperty("components").GetProperty("schemas");

        foreach (var reference in References(document).Where(one => one.StartsWith("#/components", StringComparison.Ordinal)))
        {
            Assert.True(schemas.TryGetProperty(reference.Split('/')[^1], out _), reference);
        }
    }

    [Fact]
    public async Task Document_HasTheSettingsWithTheirRanges()
    {
        var (_, document) = await _server.GetAsync("/openapi.json");

        var fields = document
            .GetProperty("paths")
            .GetProperty("/v1/videos")
            .GetProperty("post")
            .GetProperty("requestBody")
            .GetProperty("content")
            .GetProperty("application/json")
            .GetProperty("schema")
            .GetProperty("properties");

        Assert.Equal(1, fields.GetProperty("num_inference_steps").GetProperty("minimum").GetInt32());
        Assert.Equal(120, fields.GetProperty("fps").GetProperty("maximum").GetInt32());
    }

    private static IEnumerable<string> References(JsonElement node) =>
        node.ValueKind switch
        {
            JsonValueKind.Object => node.EnumerateObject()
                .SelectMany(member =>
                    member is { Name: "$ref", Value.ValueKind: JsonValueKind.String }
                        ? [member.Value.GetString()!]
                        : References(member.Value)
                ),
            JsonValueKind.Array => node.EnumerateArray().SelectMany(References),
            _ => [],
        };
}
