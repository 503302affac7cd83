using System.Net;
using System.Text.Json;
using WanSharp.Testing;

namespace WanSharp.Server.Tests.Page;

/// <summary>What the page asks for.</summary>
public sealed class PageApiTests : IAsyncLifetime
{
    private TestServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData("wan2.1-i2v-14b-480p", "input_reference last_image")]
    [InlineData("wan2.1-fun-1.3b-camera", "input_reference")]
    [InlineData("wan2.2-fun-5b-control", "input_reference last_image")]
    public async Task Settings_OfAModelThatNeedsMoreThanAPrompt_AreListed(string variant, string pictures)
    {
        using var folder = new TemporaryFolder();
        using var networks = new TinyNetworks(variant);
        new ToolFolders(networks, folder["model"]).Write("official");
        await using var server = await TestServer.StartAsync(options =>
            options with
            {
                Backend = options.Backend with { Engine = options.Backend.Engine with { Model = folder["model"] } },
            }
        );

        var (status, settings) = await server.GetAsync("/v1/settings");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(pictures, string.Join(' ', Texts(settings, "pictures")));
    }

    [Fact]
    public async Task Settings_SayWhatMayBeAskedOfTheModel()
    {
        var (_, settings) = await _server.GetAsync("/v1/settings");

        var fields = settings.GetProperty("data").EnumerateArray().ToDictionary(field => field.GetProperty("name").GetString()!);
        Assert.Equal(("integer", 1), (fields["steps"].GetProperty("type").GetString(), fields["steps"].GetProperty("minimum").GetInt32()));
        Assert.Equal(("32x16", "9"), (Default("size"), Default("frames")));
        Assert.Equal("choice", fields["sampler"].GetProperty("type").GetString());
        Assert.DoesNotContain("guidance_high", fields.Keys); // it has one expert
        Assert.Equal(["input_reference", "last_image"], Texts(settings, "pictures"));
        Assert.Contains("webp", Texts(settings, "formats"));

        string? Default(string name) => fields[name].GetProperty("default").GetString();
    }

    [Fact]
    public async Task Settings_OfAVideo_MakeItAgain()
    {
        var id = await _server.CreateAsync("a red circle", ",\"seed\":7");

        var (_, settings) = await _server.GetAsync($"/v1/videos/{id}/settings");

        var values = settings
            .GetProperty("data")
            .EnumerateArray()
            .ToDictionary(one => one.GetProperty("name").GetString()!, one => one.GetProperty("value").GetString());
        Assert.Equal(("a red circle", "7", "2"), (settings.GetProperty("prompt").GetString(), values["seed"], values["steps"]));
    }

    [Fact]
    public async Task Doctor_SaysWhatItFoundOfTheMachine()
    {
        var (status, findings) = await _server.PostAsync("/v1/system/doctor", "{}");

        Assert.Equal(HttpStatusCode.OK, status);
        var data = findings.GetProperty("data").EnumerateArray().ToList();
        Assert.Contains(data, one => one.GetProperty("topic").GetString() == "processor");
        Assert.All(data, one => Assert.Contains(one.GetProperty("severity").GetString(), (string[])["good", "advice", "problem"]));
    }

    [Fact]
    public async Task Videos_InTheOrderInWhichTheyWillBeMade_HaveThoseFirstThatWerePutThere()
    {
        await _server.PostAsync("/v1/queue/pause", "{}");
        var usual = await _server.CreateAsync("a");
        var urgent = await _server.CreateAsync("b", ",\"priority\":5");
        var last = await _server.CreateAsync("c");
        await _server.PostAsync("/v1/queue/order", $$"""{"ids":["{{last}}"]}""");

        var (_, list) = await _server.GetAsync("/v1/videos?status=queued&order=next");
        var (refused, _) = await _server.GetAsync($"/v1/videos?order=next&after={usual}");

        Assert.Equal([last, urgent, usual], list.GetProperty("data").EnumerateArray().Select(one => one.GetProperty("id").GetString()));
        Assert.Equal(HttpStatusCode.BadRequest, refused);
    }

    [Fact]
    public async Task Plan_SaysWhatAVideoWouldBeAndMakesNone()
    {
        var (status, plan) = await _server.PostAsync("/v1/plan", """{"prompt":"a","steps":3,"seconds":1}""");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(("32x16", 9, 3), (plan.GetProperty("size").GetString(), Number("num_frames"), Number("num_inference_steps")));
        Assert.False(plan.GetProperty("cached").GetBoolean());
        Assert.Equal(0, (await _server.GetAsync("/v1/queue")).Body.GetProperty("queued").GetInt32());

        int Number(string name) => plan.GetProperty(name).GetInt32();
    }

    [Fact]
    public async Task Plan_OfAVideoThatWasMade_SaysThatItIsThere()
    {
        var id = await _server.CreateAsync("a", ",\"seed\":3");
        await _server.EndAsync(id);

        var (_, plan) = await _server.PostAsync($"/v1/plan?remix_of={id}", """{"prompt":"a"}""");
        var (_, other) = await _server.PostAsync($"/v1/plan?remix_of={id}", """{"prompt":"a","seed":4}""");

        Assert.True(plan.GetProperty("cached").GetBoolean());
        Assert.False(other.GetProperty("cached").GetBoolean());
    }

    [Fact]
    public async Task Plan_OfWhatCannotBeMade_SaysWhichField()
    {
        var (status, answer) = await _server.PostAsync("/v1/plan", """{"prompt":"a","size":"31x17"}""");

        Assert.Equal((HttpStatusCode.BadRequest, "size"), (status, answer.GetProperty("error").GetProperty("param").GetString()));
    }

    [Fact]
    public async Task System_SaysWhatTheServerHolds()
    {
        var id = await _server.CreateAsync("a");
        await _server.EndAsync(id);

        var (_, system) = await _server.GetAsync("/v1/system");

        Assert.True(system.GetProperty("loaded").GetBoolean());
        Assert.True(system.GetProperty("engine").GetProperty("steps").GetInt64() > 0);
        Assert.True(system.GetProperty("machine").GetProperty("memory_bytes").GetInt64() > 0);
        Assert.Contains(system.GetProperty("providers").EnumerateArray(), one => one.GetProperty("name").GetString() == "cpu");
        Assert.True(system.GetProperty("caches").GetProperty("results").GetProperty("entries").GetInt32() > 0);
    }

    [Fact]
    public async Task Models_SayWhatIsMissing()
    {
        var (_, models) = await _server.GetAsync("/v1/models/known");

        Assert.Equal("tiny", models.GetProperty("served").GetString());
        Assert.Contains(
            models.GetProperty("data").EnumerateArray(),
            one =>
                one.GetProperty("missing").GetArrayLength() > 0
                && one.GetProperty("pull").GetString()!.StartsWith("wan models pull ", StringComparison.Ordinal)
        );
    }

    private static IEnumerable<string?> Texts(JsonElement parent, string name) =>
        parent.GetProperty(name).EnumerateArray().Select(one => one.GetString());
}
