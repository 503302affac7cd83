using System.Runtime.InteropServices;

namespace WanSharp.Cli.Terminal;

/// <summary>
/// The signals that stop the program: Ctrl-C, <c>kill</c>, a terminal that closes, Ctrl-\. The first one stops it cleanly, however
/// long that takes;
/// a second one ends the process at once.
/// </summary>
internal sealed unsafe partial class StopSignals : IDisposable
{
    private const int Interrupt = 2;
    private const int Quit = 3;
    private const nint Default = 0; // SIG_DFL
    private const nint Ignore = 1; // SIG_IGN
    private const int MostOfAction = 64; // pointers, more than struct sigaction of any system has; the handler is the first

    /// <summary>How long the end may take before the user is told that it comes.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private static readonly PosixSignal[] Signals = [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT];

    // Never disposed of: a signal may be on its way while the process ends, and would find it gone.
    private readonly CancellationTokenSource _stop = new();
    private readonly IReadOnlyList<PosixSignalRegistration> _registrations;
    private readonly TimeProvider _clock;
    private readonly Action<string> _say;
    private ITimer? _waiting;
    private volatile bool _isOver;

    /// <param name="clock">Measures how long the end takes.</param>
    /// <param name="say">Receives a line when it takes long: without one, a signal looks as if nobody had heard it.</param>
    public StopSignals(TimeProvider clock, Action<string> say)
    {
        (_clock, _say) = (clock, say);
        Unignore(Interrupt);
        Unignore(Quit);
        _registrations = [.. Signals.Select(signal => PosixSignalRegistration.Create(signal, Stop))];
    }

    /// <summary>Fires with the first signal.</summary>
    public CancellationToken Token => _stop.Token;

    public void Dispose()
    {
        _isOver = true;
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }

        _waiting?.Dispose();
    }

    /// <summary>
    /// A shell without job control starts what goes to the background with Ctrl-C ignored, and .NET leaves ignored what it finds so. The
    /// ffmpeg that makes the clip does not, so that the program would fail where it should stop, and <c>kill -INT</c> would do nothing.
    /// </summary>
    private static void Unignore(int signal)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var action = stackalloc nint[MostOfAction];
        if (Look(signal, null, action) == 0 && action[0] == Ignore)
        {
            _ = Set(signal, Default);
        }
    }

    /// <summary>What a signal does.</summary>
    internal void Stop(PosixSignalContext context)
    {
        // One hangup often comes twice, from the kernel and from the shell, or follows a SIGTERM: nobody is impatient then.
        var isFirst = !_stop.IsCancellationRequested;
        context.Cancel = isFirst || context.Signal == PosixSignal.SIGHUP;
        if (!isFirst)
        {
            return;
        }

        try
        {
            _waiting = _clock.CreateTimer(_ => SayThatItComes(), state: null, Patience, Timeout.InfiniteTimeSpan);
            _stop.Cancel();
        }
        catch (AggregateException)
        {
            // What failed to stop ends by itself; everything else was told, and an exception here would abort the process.
        }
    }

    private void SayThatItComes()
    {
        if (!_isOver)
        {
            _say("wan: stopping; a second signal (Ctrl-C again) ends the process at once.");
        }
    }

    [LibraryImport("libc", EntryPoint = "sigaction")]
    private static partial int Look(int signal, void* next, nint* now);

    [LibraryImport("libc", EntryPoint = "signal")]
    private static partial nint Set(int signal, nint handler);
}
