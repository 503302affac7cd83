namespace WanSharp.Server.Tests.Telemetry;

public sealed class CollectorTests
{
    [Fact]
    public async Task MetricsAndTraces_GoToTheCollectorThatTheVariablesName()
    {
        await using var collector = new Receiver();
        await collector.StartAsync();
        var seen = new Dictionary<string, string>();
        await using (var server = await TestServer.StartAsync(host: host => host with { Variable = Variables(collector.Address) }))
        {
            await server.EndAsync(await server.CreateAsync("a"));
        }

        while (
            !seen.ContainsKey("/v1/metrics")
            || !seen.GetValueOrDefault("/v1/traces", "").Contains("wansharp.generate", StringComparison.Ordinal)
        )
        {
            var (path, _, body) = await collector.ReceiveAsync();
            seen[path] = seen.GetValueOrDefault(path, "") + body;
        }

        Assert.Contains("wansharp.server.videos", seen["/v1/metrics"], StringComparison.Ordinal);
        Assert.Contains("nightly", seen["/v1/metrics"], StringComparison.Ordinal);
    }

    private static Func<string, string?> Variables(Uri collector) =>
        name =>
            name switch
            {
                "OTEL_EXPORTER_OTLP_ENDPOINT" => collector.ToString(),
                "OTEL_EXPORTER_OTLP_PROTOCOL" => "http/protobuf",
                "OTEL_SERVICE_NAME" => "nightly",
                _ => null,
            };
}
