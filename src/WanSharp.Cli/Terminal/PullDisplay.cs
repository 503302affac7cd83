using System.Globalization;
using WanSharp.Hosting.Hub;
using WanSharp.Tensors;

namespace WanSharp.Cli.Terminal;

/// <summary>Shows how far a pull is: a line that is redrawn for a terminal, a line for each file that is there for a log.</summary>
internal sealed class PullDisplay : IProgress<PullProgress>, IDisposable
{
    private static readonly TimeSpan RedrawEvery = TimeSpan.FromMilliseconds(150);

    private readonly Lock _gate = new();
    private readonly CliEnvironment _environment;
    private readonly PullRequest _request;
    private readonly HashSet<string> _waiting = [];
    private long _drawn;
    private long _began;
    private long? _first;
    private bool _isEnded;

    public PullDisplay(CliEnvironment environment, PullRequest request)
    {
        (_environment, _request) = (environment, request);
        _drawn = _began = environment.Clock.GetTimestamp();
    }

    public void Report(PullProgress value)
    {
        lock (_gate)
        {
            if (_isEnded)
            {
                return;
            }

            if (_first is null)
            {
                (_first, _began) = (value.Done, _environment.Clock.GetTimestamp());
            }

            if (_environment.IsInteractive)
            {
                Draw(value);
            }
            else
            {
                Write(value);
            }
        }
    }

    /// <summary>Ends the display; its line disappears from a terminal.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (!_isEnded && _environment.IsInteractive)
            {
                TerminalLine.Remove(_environment);
            }

            _isEnded = true;
        }
    }

    private void Write(PullProgress value)
    {
        if (value.State == PullState.Done)
        {
            _environment.Error.WriteLine(PlainText.OneLine($"{value.File}: {ByteSize.Text(value.FileLength)}"));
        }
        else if (value.State == PullState.Waiting && _waiting.Add(value.File))
        {
            _environment.Error.WriteLine(PlainText.OneLine($"{value.File}: another process downloads it; waiting"));
        }
    }

    private void Draw(PullProgress value)
    {
        var now = _environment.Clock.GetTimestamp();
        if (_environment.Clock.GetElapsedTime(_drawn, now) < RedrawEvery)
        {
            return;
        }

        _drawn = now;
        var seconds = _environment.Clock.GetElapsedTime(_began, now).TotalSeconds;
        var rate = seconds > 0 ? Math.Max(0, value.Done - _first!.Value) / seconds : 0;
        var left = rate > 0 ? $", {TimeSpan.FromSeconds(Math.Min(359_999, (value.Total - value.Done) / rate)):h\\:mm\\:ss} left" : "";
        var what = value.State switch
        {
            PullState.Waiting => "waiting for another process: ",
            PullState.Checking => "checking ",
            _ => "",
        };
        var share = (100.0 * value.Done / Math.Max(1, value.Total)).ToString("0.0", CultureInfo.InvariantCulture);
        TerminalLine.Draw(
            _environment,
            $"{_request.Name}: {share} % of {ByteSize.Text(value.Total)}, {ByteSize.Text(rate)}/s{left}  {what}{value.File}"
        );
    }
}
