using WanSharp.Cli.Terminal;
using WanSharp.Engine;
using WanSharp.Testing;

namespace WanSharp.Cli.Tests;

public sealed class ProgressDisplayTests : IDisposable
{
    private const string Redraw = "\r\e[K";
    private readonly ManualClock _clock = new();
    private readonly StringWriter _error = new();

    [Fact]
    public void Log_OfAWholeGeneration_HasALineForEachStage()
    {
        using (var progress = Start(isInteractive: false))
        {
            Run(progress);
            progress.Complete();
        }

        Assert.Equal(["load: 0.50 s", "encode: 0.25 s", "denoise: 4.00 s, 2 steps", "decode: 3.00 s, 3 frames"], Lines());
    }

    [Fact]
    public void Log_OfAFailedGeneration_DoesNotSayThatItsLastStageEnded()
    {
        using (var progress = Start(isInteractive: false))
        {
            Run(progress);
        }

        Assert.Equal("denoise: 4.00 s, 2 steps", Lines()[^1]);
    }

    [Fact]
    public void Terminal_DuringSteps_ShowsSpeedAndTimeLeft()
    {
        using var progress = Start(isInteractive: true);
        progress.Report(new GenerationProgress(GenerationStage.Denoise, 0, 20));
        Assert.EndsWith("denoise  ──────────────────────── 0/20", _error.ToString(), StringComparison.Ordinal);

        _clock.Advance(2);
        progress.Report(new GenerationProgress(GenerationStage.Denoise, 5, 20));

        Assert.EndsWith(
            $"{Redraw}denoise  ━━━━━━────────────────── 5/20  2.5 steps/s  6 s left",
            _error.ToString(),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData(0.125, "8.0 steps/s  8 s left")]
    [InlineData(2, "2.0 s/step  2:00 left")]
    [InlineData(180, "180.0 s/step  3:00:00 left")]
    [InlineData(6001, "6001.0 s/step  100:01:00 left")]
    public void Terminal_WithALongWay_ShowsSpeedAndTimeInFittingUnits(double secondsAStep, string expected)
    {
        using var progress = Start(isInteractive: true);
        progress.Report(new GenerationProgress(GenerationStage.Denoise, 0, 61));
        _clock.Advance(secondsAStep);
        progress.Report(new GenerationProgress(GenerationStage.Denoise, 1, 61));

        Assert.EndsWith(expected, _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Terminal_WithManyReports_IsRedrawnTenTimesASecondAtMost()
    {
        using var progress = Start(isInteractive: true);
        for (var frame = 0; frame < 1000; frame++)
        {
            progress.Report(new GenerationProgress(GenerationStage.Decode, frame, 1000));
            _clock.Advance(0.01);
        }

        Assert.InRange(_error.ToString().Split(Redraw).Length, 90, 102);
    }

    [Fact]
    public void Terminal_AtTheEnd_IsClean()
    {
        using (var progress = Start(isInteractive: true))
        {
            Run(progress);
            progress.Complete();
        }

        Assert.EndsWith(Redraw, _error.ToString(), StringComparison.Ordinal);
        Assert.All(_error.ToString().Split(Redraw), line => Assert.True(line.Length < 80, line));
    }

    /// <summary>A line as wide as the terminal, or wider, begins another one, which stays.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(20)]
    [InlineData(40)]
    [InlineData(60)]
    public void Terminal_OfAnyWidth_IsNeverFilledByALine(int columns)
    {
        using (var progress = Start(isInteractive: true, columns))
        {
            Run(progress);
            progress.Complete();
        }

        Assert.All(
            _error.ToString().Split(Redraw),
            line => Assert.True(line.Length < Math.Max(columns, 2), $"{line.Length} of {columns}: {line}")
        );
    }

    [Fact]
    public void Terminal_ThatIsNarrow_KeepsTheFiguresAndShortensTheBar()
    {
        using var progress = Start(isInteractive: true, columns: 44);
        progress.Report(new GenerationProgress(GenerationStage.Denoise, 0, 20));
        _clock.Advance(2);
        progress.Report(new GenerationProgress(GenerationStage.Denoise, 5, 20));

        Assert.EndsWith($"{Redraw}denoise  ━───── 5/20  2.5 steps/s  6 s left", _error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("short", 20, "short")]
    [InlineData("a text that is longer", 10, "a text t…")]
    [InlineData("红色圆形向左移动", 10, "红色圆形…")]
    [InlineData("two\nlines\e[2J", 80, "two lines [2J")]
    public void Fit_OfAnyText_StaysOnOneLine(string text, int columns, string expected) =>
        Assert.Equal(expected, TerminalLine.Fit(text, columns));

    [Theory]
    [InlineData("xterm-256color", true)]
    [InlineData("dumb", false)]
    [InlineData("unknown", false)]
    [InlineData(null, false)]
    public void CanRedraw_AsTheTerminalSays(string? term, bool expected)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Terminals of Windows are not told by TERM.");
        Assert.Equal(expected, TerminalScreen.CanRedraw(name => name == "TERM" ? term : null));
    }

    public void Dispose() => _error.Dispose();

    private void Run(ProgressDisplay progress)
    {
        (GenerationStage Stage, int Done, int Total, double Seconds)[] reports =
        [
            (GenerationStage.Load, 0, 1, 0.5),
            (GenerationStage.Encode, 0, 1, 0.25),
            (GenerationStage.Denoise, 0, 2, 2),
            (GenerationStage.Denoise, 1, 2, 2),
            (GenerationStage.Decode, 0, 3, 1),
            (GenerationStage.Decode, 1, 3, 1),
            (GenerationStage.Decode, 2, 3, 1),
        ];
        foreach (var (stage, done, total, seconds) in reports)
        {
            progress.Report(new GenerationProgress(stage, done, total));
            _clock.Advance(seconds);
        }
    }

    private ProgressDisplay Start(bool isInteractive, int columns = 80) =>
        ProgressDisplay.Start(
            new CliEnvironment
            {
                Out = TextWriter.Null,
                Error = _error,
                Input = Stream.Null,
                IsInteractive = isInteractive,
                Columns = () => columns,
                Variable = _ => null,
                Clock = _clock,
            }
        );

    private string[] Lines() => _error.ToString().ReplaceLineEndings("\n").Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
