using System.Text.Json;
using System.Text.RegularExpressions;
using WanSharp.Server.Security;
using WanSharp.Testing;

namespace WanSharp.Server.Tests.Telemetry;

public sealed partial class MetricsTests : IAsyncLifetime
{
    private readonly Receiver _webhooks = new();
    private TestServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        await _webhooks.StartAsync();
        _server = await TestServer.StartAsync(options => options with { Webhooks = [_webhooks.Address] });
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _webhooks.DisposeAsync();
    }

    [Fact]
    public async Task Metrics_AfterAVideo_CountIt()
    {
        await _server.EndAsync(await _server.CreateAsync("a"));
        await _webhooks.ReceiveAsync();

        var metrics = await ScrapeAsync();

        // Another test's server may count into it.
        Assert.Matches("""(?m)^wansharp_server_videos\{[^}]*state="completed"[^}]*\} \d""", metrics);
        Assert.Matches("""(?m)^wansharp_server_videos_ended_total\{[^}]*outcome="completed"[^}]*\} [1-9]""", metrics);
        Assert.Matches("""(?m)^wansharp_server_webhook_deliveries_total\{[^}]*outcome="delivered"[^}]*\} [1-9]""", metrics);
        Assert.Matches("""(?m)^http_server_request_duration_seconds_count\{[^}]*http_route="/v1/videos"[^}]*\} [1-9]""", metrics);
        Assert.DoesNotContain("block=\"", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dashboard_NamesMetricsThatAreThere()
    {
        await _server.EndAsync(await _server.CreateAsync("a"));
        await _webhooks.ReceiveAsync();
        var names = Series().Matches(await ScrapeAsync()).Select(match => match.Groups["name"].Value).ToHashSet();

        using var dashboard = JsonDocument.Parse(
            await File.ReadAllTextAsync(RepositoryFiles.Find("deploy/grafana.json"), TestServer.Token)
        );
        var panels = dashboard.RootElement.GetProperty("panels").EnumerateArray().ToList();
        var named = panels
            .SelectMany(panel => panel.GetProperty("targets").EnumerateArray())
            .SelectMany(target => Metrics().Matches(target.GetProperty("expr").GetString()!))
            .Select(match => match.Value)
            .ToHashSet();

        Assert.True(named.Count > 15, $"{named.Count} metrics");
        Assert.Empty(named.Except(names));
        Assert.Equal(panels.Count, panels.Select(panel => panel.GetProperty("id").GetInt32()).Distinct().Count());
    }

    [Fact]
    public async Task Metrics_WhereThereAreKeys_NeedOne()
    {
        var key = new KeyFile(_server.Data, TimeProvider.System).Add("prometheus", KeyScope.Read, null);

        using var without = await _server.Client.GetAsync(new Uri("/metrics", UriKind.Relative), TestServer.Token);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics") { Headers = { Authorization = new("Bearer", key) } };
        using var with = await _server.Client.SendAsync(request, TestServer.Token);

        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, without.StatusCode);
        Assert.Equal(System.Net.HttpStatusCode.OK, with.StatusCode);
    }

    private async Task<string> ScrapeAsync()
    {
        // It is counted before it is noted, and both after the receiver has it.
        while ((await _server.GetAsync("/v1/webhooks/deliveries?status=delivered")).Body.GetProperty("data").GetArrayLength() == 0)
        {
            await Task.Delay(20, TestServer.Token);
        }

        return await _server.Client.GetStringAsync(new Uri("/metrics", UriKind.Relative), TestServer.Token);
    }

    [GeneratedRegex(@"^(?<name>[a-z][a-z0-9_]*)[{ ]", RegexOptions.Multiline)]
    private static partial Regex Series();

    [GeneratedRegex(@"\b(wansharp|http|dotnet)_[a-z0-9_]+(?=\{)")]
    private static partial Regex Metrics();
}
