using System.Runtime.InteropServices;

namespace WanSharp.Cli.Terminal;

/// <summary>
/// The signals that stop the program: Ctrl-C, <c>kill</c>, a terminal that closes, Ctrl-\, and those by which batch systems say that a
/// job's time is nearly up. The first one stops it cleanly, however long that takes; a second one ends the process at once.
/// </summary>
/// <remarks>
/// Of time limits: Slurm's <c>--signal</c> and Grid Engine's <c>-notify</c> send SIGUSR1 or SIGUSR2, <c>ulimit -t</c> and others SIGXCPU;
/// each of them would end a process at once that does not hear them.
/// </remarks>
internal sealed unsafe partial class StopSignals : IDisposable
{
    private const int Interrupt = 2;
    private const int Quit = 3;
    private const nint Default = 0; // SIG_DFL
    private const nint Ignore = 1; // SIG_IGN
    private const int MostOfAction = 64; // pointers, more than struct sigaction of any system has; the handler is the first

    private const int FileSize = 25; // SIGXFSZ

    /// <summary>How long the end may take before the user is told that it comes.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private static readonly PosixSignal[] Limits = [.. NumbersOfLimits().Select(number => (PosixSignal)number)];
    private static readonly PosixSignal[] Signals =
    [
        PosixSignal.SIGINT,
        PosixSignal.SIGTERM,
        PosixSignal.SIGHUP,
        PosixSignal.SIGQUIT,
        .. Limits,
    ];

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
        if (!OperatingSystem.IsWindows())
        {
            _ = Set(FileSize, Ignore); // whoever writes more than `ulimit -f` allows gets an error, which has words
        }

        _registrations = [.. Signals.Select(signal => PosixSignalRegistration.Create(signal, Stop))];
    }

    /// <summary>
    /// SIGUSR1, SIGUSR2, SIGXCPU, SIGALRM and SIGVTALRM, and Linux' SIGPWR, by the numbers that they have here; .NET has no names for them.
    /// </summary>
    internal static IReadOnlyList<PosixSignal> SignalsOfLimits => Limits;

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

    private static int[] NumbersOfLimits() =>
        OperatingSystem.IsLinux() ? [10, 12, 24, 14, 26, 30]
        : OperatingSystem.IsMacOS() || OperatingSystem.IsFreeBSD() ? [30, 31, 24, 14, 26]
        : [];

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
        // One hangup often comes twice, from the kernel and from the shell, or follows a SIGTERM, and a time limit is said once a second:
        // nobody is impatient then.
        var isFirst = !_stop.IsCancellationRequested;
        context.Cancel = isFirst || context.Signal == PosixSignal.SIGHUP || SignalsOfLimits.Contains(context.Signal);
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
