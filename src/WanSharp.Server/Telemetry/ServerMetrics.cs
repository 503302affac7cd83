using System.Diagnostics.Metrics;
using WanSharp.Jobs;
using WanSharp.Jobs.Storage;
using WanSharp.Server.Events;

namespace WanSharp.Server.Telemetry;

/// <summary>All metrics of the server itself; docs/metrics.md lists them. Thread-safe.</summary>
internal sealed class ServerMetrics : IDisposable
{
    /// <summary>The name of the meter.</summary>
    public const string Name = "WanSharp.Server";

    private const string Outcome = "outcome";

    private readonly Meter _meter = new(Name);
    private readonly Counter<long> _ended;
    private readonly Histogram<double> _duration;
    private readonly Histogram<double> _wait;
    private readonly Counter<long> _deliveries;
    private volatile bool _isReady = true;

    /// <param name="jobs">The videos, which are counted when somebody asks.</param>
    /// <param name="hub">Who listens.</param>
    public ServerMetrics(JobStore jobs, EventHub hub)
    {
        _ended = _meter.CreateCounter<long>("wansharp.server.videos.ended", "{video}", "Videos that were completed, failed or cancelled.");
        _duration = _meter.CreateHistogram<double>("wansharp.server.video.duration", "s", "Time from a request to its video's end.");
        _wait = _meter.CreateHistogram<double>("wansharp.server.video.wait", "s", "The part of it before the last attempt began.");
        _deliveries = _meter.CreateCounter<long>("wansharp.server.webhook.deliveries", "{message}", "Attempts to deliver a webhook.");
        _meter.CreateObservableUpDownCounter<int>(
            "wansharp.server.videos",
            unit: "{video}",
            description: "Videos that are kept, by state.",
            observeValues: () => ByState(jobs.Counts())
        );
        _meter.CreateObservableUpDownCounter<int>(
            "wansharp.server.listeners",
            unit: "{listener}",
            description: "Listeners to events.",
            observeValue: () => hub.Listeners
        );
        _meter.CreateObservableGauge<int>(
            "wansharp.server.ready",
            unit: "1",
            description: "1 while videos can be made, else 0.",
            observeValue: () => _isReady ? 1 : 0
        );
    }

    /// <summary>Says whether videos can be made now.</summary>
    public void SetReady(bool isReady) => _isReady = isReady;

    /// <summary>A video came to its end.</summary>
    public void End(Job job)
    {
        var outcome = new KeyValuePair<string, object?>(
            Outcome,
            job.State switch
            {
                JobState.Succeeded => "completed",
                JobState.Failed => "failed",
                _ => "cancelled",
            }
        );
        var cached = new KeyValuePair<string, object?>("cached", job.Outcome?.FromCache == true);
        _ended.Add(1, outcome, cached);
        if (job.FinishedAt is { } end)
        {
            _duration.Record((end - job.QueuedAt).TotalSeconds, outcome, cached);
        }

        if (job.StartedAt is { } start)
        {
            _wait.Record(Math.Max(0, (start - job.QueuedAt).TotalSeconds));
        }
    }

    /// <summary>A message was delivered, will be sent again, or was given up.</summary>
    public void Deliver(string outcome) => _deliveries.Add(1, new KeyValuePair<string, object?>(Outcome, outcome));

    public void Dispose() => _meter.Dispose();

    private static IEnumerable<Measurement<int>> ByState(JobCounts counts) =>
        [
            Of("queued", counts.Queued),
            Of("in_progress", counts.Running),
            Of("completed", counts.Succeeded),
            Of("failed", counts.Failed),
            Of("cancelled", counts.Cancelled),
        ];

    private static Measurement<int> Of(string state, int count) => new(count, new KeyValuePair<string, object?>("state", state));
}
