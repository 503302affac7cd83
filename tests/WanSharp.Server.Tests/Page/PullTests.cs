using System.Net;
using System.Text.Json;
using Microsoft.Playwright;
using WanSharp.Hosting.Hub;
using WanSharp.Testing;
using WanSharp.Testing.Hub;
using static Microsoft.Playwright.Assertions;

namespace WanSharp.Server.Tests.Page;

/// <summary>Models are fetched from the page, from a hub on this machine.</summary>
public sealed class PullTests(PageFixture fixture) : IClassFixture<PageFixture>, IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private FakeHub _hub = null!;
    private TestServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _hub = await FakeHub.StartAsync();
        _hub.Files["style.safetensors"] = new byte[5000];
        _server = await TestServer.StartAsync(host: host =>
        {
            Directory.CreateDirectory(host.ConfigFolder);
            File.WriteAllText(
                Path.Combine(host.ConfigFolder, "aliases.json"),
                $$"""{"style": {"what": "a style", "repository": "{{FakeHub.Repository}}", "files": ["style.safetensors"]} }"""
            );
            return host with
            {
                Hub = new HubOptions { CacheFolder = _folder["hub"], Endpoint = _hub.Address },
            };
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _hub.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task APull_IsDoneWhileOthersLookOn()
    {
        var (_, started) = await _server.PostAsync("/v1/models/pulls/style", "{}");
        Assert.Equal("style", started.GetProperty("name").GetString());
        JsonElement pull;
        do
        {
            await Task.Delay(20, TestServer.Token);
            pull = (await _server.GetAsync("/v1/models/pulls")).Body.GetProperty("data")[0];
        } while (pull.GetProperty("state").GetString() == "running");

        Assert.Equal(("done", 5000), (pull.GetProperty("state").GetString(), pull.GetProperty("done").GetInt32()));
        Assert.Equal(HttpStatusCode.NotFound, (await _server.PostAsync("/v1/models/pulls/nothing", "{}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await _server.PostAsync("/v1/models/pulls/..%2Fetc", "{}")).Status);
    }

    [Fact]
    public async Task Page_FetchesAModel()
    {
        await using var visit = await fixture.VisitAsync(_server, "#/models", null);
        var missing = visit.Page.Locator("section", new PageLocatorOptions { HasTextString = "Can be fetched" }).Locator(".card");
        var style = missing.Filter(new LocatorFilterOptions { HasTextString = "a style" });
        await Expect(style).ToHaveCountAsync(1);
        await visit.RequireAccessibleAsync();

        await visit.Button("Fetch style").ClickAsync();

        await Expect(style).ToHaveCountAsync(0);
        Assert.Single(Directory.GetFiles(_folder["hub"], "style.safetensors", SearchOption.AllDirectories));
    }
}
