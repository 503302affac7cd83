using System.Diagnostics;
using System.Globalization;

namespace WanSharp.Tools.Profile;

/// <summary>Records the activities of the engine and of its graphs, until it is disposed. Thread-safe.</summary>
internal sealed class SpanRecorder : IDisposable
{
    private const string Sources = "WanSharp.";
    private const string Prefix = "wansharp.";
    private const string Stage = "wansharp.stage";
    private const string ClipLane = "clip";

    private readonly Lock _gate = new();
    private readonly List<ProfiledSpan> _spans = [];
    private readonly DateTime _origin;
    private readonly ActivityListener _listener;

    /// <param name="clock">Says when it begins.</param>
    public SpanRecorder(TimeProvider clock)
    {
        _origin = clock.GetUtcNow().UtcDateTime;
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name.StartsWith(Sources, StringComparison.Ordinal),
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = Add,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    /// <summary>What was recorded so far, in order.</summary>
    public IReadOnlyList<ProfiledSpan> Spans
    {
        get
        {
            lock (_gate)
            {
                return [.. _spans.OrderBy(span => span.Start)];
            }
        }
    }

    public void Dispose() => _listener.Dispose();

    private void Add(Activity activity)
    {
        var lane =
            activity.OperationName == Stage || (activity.Parent is null && activity.ParentSpanId == default)
                ? ClipLane
                : string.Create(CultureInfo.InvariantCulture, $"thread {Environment.CurrentManagedThreadId}");
        var span = new ProfiledSpan(NameOf(activity), lane, (activity.StartTimeUtc - _origin).TotalSeconds, activity.Duration.TotalSeconds);
        lock (_gate)
        {
            _spans.Add(span);
        }
    }

    /// <summary>"step", or with what it is about: "graph transformer_block 3".</summary>
    private static string NameOf(Activity activity) =>
        string.Join(
            ' ',
            activity
                .TagObjects.Select(tag => Convert.ToString(tag.Value, CultureInfo.InvariantCulture))
                .Prepend(activity.OperationName[Prefix.Length..])
        );
}
