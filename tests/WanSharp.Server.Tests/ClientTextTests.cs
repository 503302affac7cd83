using System.Net;
using System.Text.Json;
using WanSharp.Engine.Requests;
using WanSharp.Server.Http;
using WanSharp.Server.Mcp;

namespace WanSharp.Server.Tests;

/// <summary>Clients are told of fields that requests have, not of the command line's options.</summary>
public sealed class ClientTextTests : IAsyncLifetime
{
    private TestServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData("--control-from needs --control: give both, or neither.", "control_from needs control: give both, or neither.")]
    [InlineData("The guidance-high is a number from 0 to 100, not 200.", "The guidance_high is a number from 0 to 100, not 200.")]
    [InlineData("Leave --lora-mode out, or say merged.", "Leave the server's option lora-mode out, or say merged.")]
    [InlineData("Default: that of --guidance.", "Default: that of guidance.")]
    [InlineData("give those two (--image, --last-image).", "give those two (image, last_image).")]
    [InlineData("choose one of `wan presets --model`.", "choose one of `wan presets --model`.")]
    [InlineData("it is missing: wan models pull a/b --files \"*.pth\".", "it is missing: wan models pull a/b --files \"*.pth\".")]
    [InlineData("/home/me/models/step-cache.json has no step-cache", "step-cache.json has no step_cache")]
    [InlineData("a high-noise expert -- and a low-noise one", "a high-noise expert -- and a low-noise one")]
    public void AText_NamesFieldsInsteadOfOptions(string ofTheLibrary, string ofTheServer) =>
        Assert.Equal(ofTheServer, ClientText.Of(ofTheLibrary));

    [Fact]
    public void EverySetting_IsCalledByItsField()
    {
        foreach (var field in SettingFields.All)
        {
            Assert.Equal(field.Name, ClientText.FieldOf(field.Label));
            Assert.Equal($"give {field.Name}.", ClientText.Of($"give --{field.Label}."));
        }
    }

    [Theory]
    [InlineData("/openapi.json")]
    [InlineData("/v1/settings")]
    public async Task ADescription_NamesNoOption(string path)
    {
        var (_, document) = await _server.GetAsync(path);

        Assert.DoesNotContain(Texts(document), text => text.Contains("--", StringComparison.Ordinal));
    }

    [Fact]
    public void WhatAgentsAreTold_NamesNoOption() =>
        Assert.All(McpSchema.Settings(), setting => Assert.DoesNotContain("--", setting.Schema.ToJsonString(), StringComparison.Ordinal));

    [Theory]
    [InlineData("/v1/videos", """{"prompt":"a","control_from":"canny"}""")]
    [InlineData("/v1/videos", """{"prompt":"a","control_strength":"0.5"}""")]
    [InlineData("/v1/videos", """{"prompt":"a","mask_shows":"control"}""")]
    [InlineData("/v1/videos", """{"prompt":"a","camera":"pan-left"}""")]
    [InlineData("/v1/videos", """{"prompt":"a","camera_speed":2}""")]
    [InlineData("/v1/videos", """{"prompt":"a","upscale_height":720}""")]
    [InlineData("/v1/videos", """{"prompt":"a","sigmas":[900,500]}""")]
    [InlineData("/v1/videos", """{"prompt":"a","guidance_high":3}""")]
    [InlineData("/v1/videos", """{"prompt":"a","guidance_interval":"0.9-0.1"}""")]
    [InlineData("/v1/videos", """{"prompt":"a","guidance":1,"slg":"1:0.1-0.8"}""")]
    [InlineData("/v1/plan", """{"prompt":"a","interpolate":"nothing","fps":24}""")]
    [InlineData("/v1/videos/batches", """{"prompts":"a","control_from":"canny"}""")]
    [InlineData("/v1/videos/batches", """{"prompts":"{\"prompt\":\"a\"}"}""")]
    public async Task ARefusal_NamesNoOption(string path, string json)
    {
        var (status, answer) = await _server.PostAsync(path, json);

        Assert.True(status == HttpStatusCode.BadRequest, answer.ToString());
        Assert.DoesNotContain("--", answer.GetProperty("error").ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain('-', answer.GetProperty("error").GetProperty("param").GetString()!);
    }

    private static IEnumerable<string> Texts(JsonElement node) =>
        node.ValueKind switch
        {
            JsonValueKind.Object => node.EnumerateObject().SelectMany(member => Texts(member.Value)),
            JsonValueKind.Array => node.EnumerateArray().SelectMany(Texts),
            JsonValueKind.String => [node.GetString()!],
            _ => [],
        };
}
