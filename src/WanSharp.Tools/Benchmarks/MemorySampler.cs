using System.Globalization;

namespace WanSharp.Tools.Benchmarks;

/// <summary>Watches this process's memory while something runs. Linux alone tells it apart; elsewhere there is none.</summary>
internal sealed class MemorySampler : IAsyncDisposable
{
    private const string StatusFile = "/proc/self/status";
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);

    private readonly CancellationTokenSource _stop = new();
    private readonly Task _sampling;

    private MemorySampler() => _sampling = OperatingSystem.IsLinux() ? SampleAsync() : Task.CompletedTask;

    /// <summary>The largest private memory seen, in bytes: what the kernel cannot drop (<c>RssAnon</c>).</summary>
    public long? PeakPrivateBytes { get; private set; }

    /// <summary>The largest resident part of mapped files, in bytes: page cache that the kernel may drop (<c>RssFile</c>).</summary>
    public long? PeakMappedBytes { get; private set; }

    public static MemorySampler Start() => new();

    /// <summary>Ends the watching; the peaks stay.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _sampling.ConfigureAwait(false);
        _stop.Dispose();
    }

    /// <summary>An entry of a status file in bytes; null when it is not there.</summary>
    internal static long? Parse(IEnumerable<string> status, string entry)
    {
        const long Kilobyte = 1024;
        var line = status.FirstOrDefault(line => line.StartsWith($"{entry}:", StringComparison.Ordinal));
        var words = line?.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return words is [_, var number, "kB"] && long.TryParse(number, CultureInfo.InvariantCulture, out var value)
            ? value * Kilobyte
            : null;
    }

    private async Task SampleAsync()
    {
        do
        {
            var status = await File.ReadAllLinesAsync(StatusFile, CancellationToken.None).ConfigureAwait(false);
            PeakPrivateBytes = Larger(PeakPrivateBytes, Parse(status, "RssAnon"));
            PeakMappedBytes = Larger(PeakMappedBytes, Parse(status, "RssFile"));
            await Task.Delay(Interval, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        } while (!_stop.IsCancellationRequested);
    }

    private static long? Larger(long? one, long? other) => one is { } a && other is { } b ? Math.Max(a, b) : one ?? other;
}
