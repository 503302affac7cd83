using System.Globalization;
using WanSharp.Engine;

namespace WanSharp.Cli.Terminal;

/// <summary>
/// One line that shows how far a generation is: stage, step, steps per second, time left. Redrawn in place for a
/// terminal; for a log, a line as each stage ends.
/// </summary>
internal sealed class ProgressDisplay : IProgress<GenerationProgress>, IDisposable
{
    private const int BarWidth = 24;
    private const int LeastBarWidth = 4;
    private static readonly TimeSpan RedrawEvery = TimeSpan.FromMilliseconds(100);

    private readonly CliEnvironment _environment;
    private readonly Lock _gate = new();
    private GenerationProgress? _last;
    private long _stageStarted;
    private long _drawn;

    private ProgressDisplay(CliEnvironment environment) => _environment = environment;

    public static ProgressDisplay Start(CliEnvironment environment) => new(environment);

    /// <inheritdoc/>
    public void Report(GenerationProgress value)
    {
        lock (_gate)
        {
            var now = _environment.Clock.GetTimestamp();
            var isNewStage = _last?.Stage != value.Stage;
            if (isNewStage)
            {
                EndStage(now);
                _stageStarted = now;
            }

            _last = value;
            if (_environment.IsInteractive && (isNewStage || _environment.Clock.GetElapsedTime(_drawn, now) >= RedrawEvery))
            {
                _drawn = now;
                TerminalLine.Draw(
                    _environment,
                    Describe(value, _environment.Clock.GetElapsedTime(_stageStarted, now), _environment.Columns())
                );
            }
        }
    }

    /// <summary>Ends the last stage; without it, that stage is taken to have failed.</summary>
    public void Complete()
    {
        lock (_gate)
        {
            EndStage(_environment.Clock.GetTimestamp());
            _last = null;
        }
    }

    /// <summary>Ends the display; its line disappears from a terminal.</summary>
    public void Dispose()
    {
        if (_environment.IsInteractive)
        {
            TerminalLine.Remove(_environment);
        }
    }

    private void EndStage(long now)
    {
        if (_last is { } ended && !_environment.IsInteractive)
        {
            var seconds = _environment.Clock.GetElapsedTime(_stageStarted, now).TotalSeconds;
            var units = ended.Total > 1 ? $", {ended.Total} {Units(ended.Stage)}" : "";
            _environment.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Name(ended.Stage)}: {seconds:0.00} s{units}"));
        }
    }

    private static string Describe(GenerationProgress progress, TimeSpan elapsed, int columns)
    {
        if (progress.Total <= 1)
        {
            return $"{Name(progress.Stage)} …";
        }

        var rate = progress.Done > 0 && elapsed > TimeSpan.Zero ? progress.Done / elapsed.TotalSeconds : 0;
        var speed = rate > 0 ? $"  {Speed(progress.Stage, rate)}  {Left((progress.Total - progress.Done) / rate)} left" : "";
        var (head, tail) = ($"{Name(progress.Stage), -8} ", $"{progress.Done}/{progress.Total}{speed}");

        // In a narrow terminal the bar gives way: its figures say the same.
        var width = Math.Min(BarWidth, columns - 2 - head.Length - tail.Length);
        return width < LeastBarWidth ? head + tail : $"{head}{Bar(progress, width)} {tail}";
    }

    private static string Bar(GenerationProgress progress, int width)
    {
        var filled = width * progress.Done / progress.Total;
        return new string('━', filled) + new string('─', width - filled);
    }

    /// <summary>How fast it goes; a large model takes many seconds for one step.</summary>
    private static string Speed(GenerationStage stage, double rate) =>
        rate >= 1
            ? string.Create(CultureInfo.InvariantCulture, $"{rate:0.0} {Units(stage)}/s")
            : string.Create(CultureInfo.InvariantCulture, $"{1 / rate:0.0} s/{Units(stage)[..^1]}");

    private static string Left(double seconds)
    {
        var whole = (long)Math.Round(seconds);
        return whole < 60 ? $"{whole} s"
            : whole < 3600 ? $"{whole / 60}:{whole % 60:00}"
            : $"{whole / 3600}:{whole / 60 % 60:00}:{whole % 60:00}";
    }

    private static string Name(GenerationStage stage) =>
        stage switch
        {
            GenerationStage.Load => "load",
            GenerationStage.Encode => "encode",
            GenerationStage.Denoise => "denoise",
            GenerationStage.Enhance => "enhance",
            _ => "decode",
        };

    private static string Units(GenerationStage stage) =>
        stage switch
        {
            GenerationStage.Load => "blocks", // whose weights are brought into another form, once
            GenerationStage.Denoise => "steps",
            _ => "frames",
        };
}
