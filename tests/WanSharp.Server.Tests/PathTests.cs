using System.Net;
using System.Text.Json;

namespace WanSharp.Server.Tests;

/// <summary>No request reaches a file of the server by its path, however the path is put together.</summary>
public sealed class PathTests : IAsyncLifetime
{
    private const string Batches = "/v1/videos/batches";

    private TestServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    /// <summary>None of these has a path in a mark before its choices are made.</summary>
    [Theory]
    [InlineData("{2$$$$/etc/passwd:1>|<lora:} a circle")]
    [InlineData("{2$$$$/no/such/file:1>|<lora:} a circle")]
    [InlineData("<lora{:|:}{/etc/passwd|/etc/passwd}:1> a circle")]
    [InlineData("{<lora:|<lora:}..{/secret:1>|/secret:1>} a circle")]
    public async Task ABatch_WhoseWildcardsMakeAPath_IsRefusedAlikeWhetherTheFileIsThereOrNot(string template)
    {
        var (status, body) = await _server.PostAsync(
            Batches,
            JsonSerializer.Serialize(
                new Dictionary<string, object>
                {
                    ["prompts"] = template,
                    ["seeds"] = "0..9",
                    ["frames"] = 5,
                }
            )
        );

        Assert.True(status == HttpStatusCode.BadRequest, body.ToString());
        var problems = body.GetProperty("error").GetProperty("problems").EnumerateArray().Select(one => one.ToString()).ToList();
        Assert.Contains(problems, problem => problem.Contains("by a path", StringComparison.Ordinal));
        Assert.DoesNotContain(problems, problem => problem.Contains("There is no LoRA", StringComparison.Ordinal));
        Assert.DoesNotContain(problems, problem => problem.Contains("checkpoint", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/v1/videos", """{"prompt":"<lora:nothing:1> a"}""")]
    [InlineData("/v1/videos", """{"prompt":"a","lora":"nothing"}""")]
    [InlineData("/v1/plan", """{"prompt":"a","lora":"nothing"}""")]
    [InlineData(Batches, """{"prompts":"<lora:nothing:1> a"}""")]
    [InlineData(Batches, """{"prompts":"__nothing__ a"}""")]
    public async Task ANameThatIsNotThere_IsRefusedWithoutNamingTheServersFolders(string path, string json)
    {
        var (status, body) = await _server.PostAsync(path, json);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("nothing", body.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(Path.GetDirectoryName(_server.Data)!, body.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(Path.GetTempPath(), body.ToString(), StringComparison.Ordinal);
    }
}
