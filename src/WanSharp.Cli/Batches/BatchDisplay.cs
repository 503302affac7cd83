using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;
using WanSharp.Cli.Terminal;
using WanSharp.Engine;
using WanSharp.Jobs;
using WanSharp.Jobs.Running;
using WanSharp.Jobs.Storage;
using WanSharp.Tensors;

namespace WanSharp.Cli.Batches;

/// <summary>
/// Shows the progress of a batch: for a terminal a bar for each running job and the figures below, redrawn in place; for a log a line for
/// each job that
/// comes to its end.
/// </summary>
internal sealed class BatchDisplay : IProgress<JobEvent>, IAsyncDisposable
{
    private const int BarWidth = 20;
    private const int NameWidth = 28;
    private const int LeastNameWidth = 12;
    private const int LeastBarWidth = 4;
    private const int MostBars = 16;
    private static readonly TimeSpan RedrawEvery = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan RateWindow = TimeSpan.FromSeconds(5);

    private readonly CliEnvironment _environment;
    private readonly JobStore _store;
    private readonly Func<int?> _batchSize;
    private readonly Lock _gate = new();
    private readonly SortedDictionary<long, (Job Job, GenerationProgress Progress, long Started)> _running = [];
    private readonly Queue<long> _steps = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _drawing;
    private readonly Func<(int Ended, int Total)> _count;
    private int _hits;
    private int _told;

    private BatchDisplay(CliEnvironment environment, JobStore store, Func<int?> batchSize, Func<(int, int)>? count)
    {
        (_environment, _store, _batchSize, _count) = (environment, store, batchSize, count ?? CountOf(store));
        _told = _count().Ended;
        _drawing = environment.IsInteractive ? DrawAsync() : Task.CompletedTask;
    }

    /// <param name="environment">The surroundings.</param>
    /// <param name="store">The jobs.</param>
    /// <param name="batchSize">How many clips took the last step together; null where nobody knows.</param>
    /// <param name="count">How many jobs have ended, and how many there will be; null for those of the store.</param>
    public static BatchDisplay Start(
        CliEnvironment environment,
        JobStore store,
        Func<int?> batchSize,
        Func<(int Ended, int Total)>? count = null
    ) => new(environment, store, batchSize, count);

    /// <inheritdoc/>
    public void Report(JobEvent value)
    {
        lock (_gate)
        {
            var now = _environment.Clock.GetTimestamp();
            switch (value.Kind)
            {
                case JobEventKind.Started:
                    _running[value.Job.Id] = (value.Job, default, now);
                    return;
                case JobEventKind.Progressed:
                    if (_running.TryGetValue(value.Job.Id, out var running))
                    {
                        _running[value.Job.Id] = running with { Progress = value.Progress };
                        Count(value.Progress, now);
                    }

                    return;
            }

            var isOurs = _running.Remove(value.Job.Id, out var ended);
            _hits += value is { Kind: JobEventKind.Succeeded, Job.Outcome.FromCache: true } ? 1 : 0;
            if (!_environment.IsInteractive)
            {
                WriteEnd(value, isOurs ? _environment.Clock.GetElapsedTime(ended.Started, now) : null);
            }
        }
    }

    /// <summary>Ends the display; from a terminal it disappears.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _drawing;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private void WriteEnd(JobEvent ended, TimeSpan? elapsed)
    {
        var what = ended.Kind switch
        {
            JobEventKind.Succeeded when ended.Job.Outcome is { FromCache: true } => "from the cache",
            JobEventKind.Succeeded when ended.Job.Outcome is { WasThere: true } => "was there",
            JobEventKind.Succeeded when elapsed is null => "was finished by a process that ended",
            JobEventKind.Succeeded => string.Create(CultureInfo.InvariantCulture, $"{elapsed?.TotalSeconds:0.00} s")
                + Beginning(ended.Job.Outcome ?? new JobOutcome()),
            JobEventKind.Retrying => $"failed and will be retried: {ended.Job.Error}",
            JobEventKind.Failed => $"failed: {ended.Job.Error}",
            JobEventKind.Cancelled => "cancelled",
            JobEventKind.Removed => "deleted",
            _ => "put back",
        };
        var (done, total) = _count();
        if (ended.Job.State is not (JobState.Queued or JobState.Running))
        {
            // Of two that end together both are in the store already when the first one is told of.
            _told = Math.Clamp(_told + 1, Math.Max(0, done - _running.Count), Math.Max(1, done));
        }

        _environment.Error.WriteLine(PlainText.OneLine($"[{_told}/{total}] {ended.Job.Output}: {what}"));
    }

    private static Func<(int, int)> CountOf(JobStore store) =>
        () =>
        {
            var counts = store.Counts();
            return (counts.Total - counts.Open, counts.Total);
        };

    /// <summary>What the clip began with, if that was not noise.</summary>
    private static string Beginning(JobOutcome outcome) =>
        (outcome.ResumedAtStep is { } step ? $", resumed at step {step}" : "")
        + (outcome.StartedOver is { } why ? $", started over: {why}" : "")
        + (outcome.Reused is { } reused ? $", after {reused.Steps} steps of \"{reused.Prompt}\"" : "");

    private void Count(GenerationProgress progress, long now)
    {
        if (progress.Stage == GenerationStage.Denoise)
        {
            _steps.Enqueue(now);
            while (_environment.Clock.GetElapsedTime(_steps.Peek(), now) > RateWindow)
            {
                _steps.Dequeue();
            }
        }
    }

    private async Task DrawAsync()
    {
        var console = AnsiConsole.Create(
            new AnsiConsoleSettings
            {
                Ansi = AnsiSupport.Yes,
                Interactive = InteractionSupport.Yes,
                Out = new TerminalOutput(_environment),
            }
        );
        await console
            .Live(Text.Empty)
            .AutoClear(true)
            .StartAsync(async live =>
            {
                while (!_stop.IsCancellationRequested)
                {
                    live.UpdateTarget(Render());
                    await Task.Delay(RedrawEvery, _environment.Clock, _stop.Token).ContinueWith(_ => { }, TaskScheduler.Default);
                }
            });
    }

    private Rows Render()
    {
        var counts = _store.Counts();
        lock (_gate)
        {
            var columns = _environment.Columns();
            var rows = _running.Values.Take(MostBars).Select(one => Row(Describe(one.Job, one.Progress, columns))).ToList();
            if (_running.Count > MostBars)
            {
                rows.Add(Row($"… and {_running.Count - MostBars} more"));
            }

            var rate =
                _steps.Count > 1
                    ? _steps.Count
                        / Math.Max(0.2, Math.Min(RateWindow.TotalSeconds, _environment.Clock.GetElapsedTime(_steps.Peek()).TotalSeconds))
                    : 0;
            var denoising = _running.Values.Count(one => one.Progress.Stage == GenerationStage.Denoise);
            rows.Add(
                Row(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{counts.Succeeded} of {_count().Total} done, {counts.Queued} wait, {counts.Failed} failed, {_hits} cached "
                            + $"· {rate:0.0} steps/s{(denoising > 0 ? $", {_batchSize() ?? denoising} at once" : "")} "
                            + $"· {ByteSize.Text(Environment.WorkingSet)}"
                    )
                )
            );
            return new Rows(rows);

            IRenderable Row(string text) => new Text(TerminalLine.Fit(text, columns));
        }
    }

    private static string Describe(Job job, GenerationProgress progress, int columns)
    {
        var tail = string.Create(CultureInfo.InvariantCulture, $" {progress.Stage.ToString().ToLowerInvariant(), -8} ");
        var count = string.Create(CultureInfo.InvariantCulture, $"{progress.Done}/{progress.Total}");

        // In a narrow terminal the name gives way first, then the bar: the figures say the same.
        var name = Math.Clamp(columns - BarWidth - tail.Length - count.Length - 2, LeastNameWidth, NameWidth);
        var bar = Math.Min(BarWidth, columns - name - tail.Length - count.Length - 2);
        return TerminalLine.Fit(job.Output, name + 1).PadRight(name) + tail + (bar < LeastBarWidth ? "" : Bar(progress, bar) + ' ') + count;
    }

    private static string Bar(GenerationProgress progress, int width)
    {
        var filled = progress.Total > 1 ? width * Math.Min(progress.Done, progress.Total) / progress.Total : 0;
        return new string('━', filled) + new string('─', width - filled);
    }

    /// <summary>
    /// Standard error, which the terminal of <see cref="CliEnvironment.Columns"/> shows: the library would measure that of
    /// standard output.
    /// </summary>
    private sealed class TerminalOutput(CliEnvironment environment) : IAnsiConsoleOutput
    {
        public TextWriter Writer => environment.Error;

        public bool IsTerminal => true;

        public int Width => environment.Columns();

        public int Height => TerminalScreen.Rows();

        public void SetEncoding(System.Text.Encoding encoding)
        {
            // It is UTF-8 always.
        }
    }
}
