using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using WanSharp.Hosting;
using WanSharp.Server.Http;

namespace WanSharp.Server.Telemetry;

/// <summary>
/// Shows metrics to Prometheus, and sends metrics and traces over OTLP where OpenTelemetry's own variables name a collector.
/// </summary>
internal sealed class TelemetryRoutes : IRoutes, IDisposable
{
    private const string OwnMeters = "WanSharp.";
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>From a cached clip's milliseconds to a long clip's hours.</summary>
    private static readonly double[] Seconds =
    [
        0.001,
        0.0025,
        0.005,
        0.01,
        0.025,
        0.05,
        0.1,
        0.25,
        0.5,
        1,
        2.5,
        5,
        10,
        30,
        60,
        120,
        300,
        600,
        1800,
        3600,
        14400,
    ];

    private static readonly double[] Clips = [1, 2, 3, 4, 6, 8, 12, 16, 32];

    private readonly MeterProvider _meters;
    private readonly TracerProvider? _tracers;

    public TelemetryRoutes(WanHost host)
    {
        var read = host.Options.Variable;
        var variables = new ConfigurationBuilder().Add(new VariableConfiguration(read)).Build();
        var meters = Sdk.CreateMeterProviderBuilder()
            .ConfigureServices(services => services.AddSingleton<IConfiguration>(variables))
            .ConfigureResource(Describe)
            .AddMeter(OwnMeters + "*", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime")
            .AddView(ViewOf)
            .AddPrometheusExporter();
        if (IsSent(read, "METRICS"))
        {
            meters.AddOtlpExporter();
        }

        _meters = meters.Build();
        if (IsSent(read, "TRACES"))
        {
            _tracers = Sdk.CreateTracerProviderBuilder()
                .ConfigureServices(services => services.AddSingleton<IConfiguration>(variables))
                .ConfigureResource(Describe)
                .AddSource(OwnMeters + "*", "Microsoft.AspNetCore")
                .AddOtlpExporter()
                .Build();
        }
    }

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes) =>
        routes.MapPrometheusScrapingEndpoint("/metrics", _meters, configureBranchedPipeline: null, optionsName: null);

    /// <summary>Sends what was not sent yet, and stops.</summary>
    public void Dispose()
    {
        _meters.Dispose();
        _tracers?.Dispose();
    }

    private static void Describe(ResourceBuilder resource) =>
        resource
            .AddService("wansharp", serviceVersion: typeof(TelemetryRoutes).Assembly.GetName().Version?.ToString(3))
            .AddEnvironmentVariableDetector();

    /// <summary>Times in buckets that fit them; and of blocks the network that they are of, for each would be its own series.</summary>
    private static MetricStreamConfiguration? ViewOf(Instrument instrument)
    {
        if (!instrument.Meter.Name.StartsWith(OwnMeters, StringComparison.Ordinal))
        {
            return null;
        }

        return instrument switch
        {
            Histogram<double> => new ExplicitBucketHistogramConfiguration
            {
                Boundaries = Seconds,
                TagKeys = instrument.Name.StartsWith("wansharp.block.", StringComparison.Ordinal) ? ["graph"] : null,
            },
            Histogram<int> => new ExplicitBucketHistogramConfiguration { Boundaries = Clips },
            _ => null,
        };
    }

    /// <summary>Whether a collector is named for a signal, and neither it nor all is switched off.</summary>
    private static bool IsSent(Func<string, string?> read, string signal) =>
        read("OTEL_SDK_DISABLED")?.Equals("true", StringComparison.OrdinalIgnoreCase) != true
        && read($"OTEL_{signal}_EXPORTER") is null or "otlp"
        && (read(Endpoint) ?? read($"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT")) is not null;
}
