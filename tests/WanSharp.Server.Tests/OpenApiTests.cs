using System.Text.Json;
using System.Text.RegularExpressions;
using WanSharp.Testing;

namespace WanSharp.Server.Tests;

public sealed partial class OpenApiTests : IAsyncLifetime
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
        Assert.Equal(["/v1/videos/characters"], undescribed.Order());
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

    /// <summary>What the code reads of a query is in the document, and nothing else.</summary>
    [Fact]
    public async Task Document_HasWhatIsReadOfQueries()
    {
        var (_, document) = await _server.GetAsync("/openapi.json");
        var described = document
            .GetProperty("paths")
            .EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject())
            .SelectMany(one =>
                one.Value.TryGetProperty("parameters", out var parameters) ? [.. parameters.EnumerateArray()] : Array.Empty<JsonElement>()
            )
            .Where(one => one.GetProperty("in").GetString() == "query")
            .Select(one => one.GetProperty("name").GetString()!)
            .ToHashSet();

        var folder = RepositoryFiles.Find("src/WanSharp.Server");
        var read = Directory
            .EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}Comfy{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .SelectMany(file => QueryFields().Matches(File.ReadAllText(file)))
            .Select(match => match.Groups["name"].Value)
            .Append("step") // which is there for caches alone
            .ToHashSet();
        Assert.Equal(read.Order(), described.Order());
    }

    [Fact]
    public async Task Document_RequiresOfAChangeNothing()
    {
        var (_, document) = await _server.GetAsync("/openapi.json");

        var schema = document
            .GetProperty("paths")
            .GetProperty("/v1/videos/{id}")
            .GetProperty("patch")
            .GetProperty("requestBody")
            .GetProperty("content")
            .GetProperty("application/json")
            .GetProperty("schema");

        Assert.False(schema.TryGetProperty("required", out _)); // {"priority": 5} is one
        Assert.True(schema.GetProperty("properties").TryGetProperty("extra_body", out _));
    }

    /// <summary>Every answer that is not nothing says what it is.</summary>
    [Fact]
    public async Task Document_NamesTheTypesOfFilesAndStreams()
    {
        var (_, document) = await _server.GetAsync("/openapi.json");

        var silent = document
            .GetProperty("paths")
            .EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(one => (Name: $"{one.Name} {path.Name}", one.Value)))
            .Where(one => !one.Value.GetProperty("responses").GetProperty("200").TryGetProperty("content", out _))
            .Select(one => one.Name);

        Assert.Equal(["delete /v1/session", "post /v1/session"], silent.Order());
    }

    [GeneratedRegex("""[qQ]uery(?:\["|\.ContainsKey\(")(?<name>[a-z_]+)""")]
    private static partial Regex QueryFields();

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
