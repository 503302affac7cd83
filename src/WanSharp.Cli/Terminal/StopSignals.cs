using System.Runtime.InteropServices;

namespace WanSharp.Cli.Terminal;

/// <summary>
/// The signals that stop the program: Ctrl-C, <c>kill</c>, a terminal that closes, Ctrl-\. The first one stops it cleanly, however
/// long that takes;
/// a second one ends the process at once.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private static readonly PosixSignal[] Signals = [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT];

    private readonly CancellationTokenSource _stop = new();
    private readonly IReadOnlyList<PosixSignalRegistration> _registrations;

    public StopSignals() => _registrations = [.. Signals.Select(signal => PosixSignalRegistration.Create(signal, Stop))];

    /// <summary>Fires with the first signal.</summary>
    public CancellationToken Token => _stop.Token;

    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }

        _stop.Dispose();
    }

    private void Stop(PosixSignalContext context)
    {
        // One hangup often comes twice, from the kernel and from the shell, or follows a SIGTERM: nobody is impatient then.
        context.Cancel = !_stop.IsCancellationRequested || context.Signal == PosixSignal.SIGHUP;
        _stop.Cancel();
    }
}
