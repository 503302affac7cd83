using System.Runtime.InteropServices;
using WanSharp.Cli;
using WanSharp.Cli.Terminal;

// The first Ctrl-C stops cleanly, however long that takes; a second one ends the process at once.
using var stop = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
return await WanApp.RunAsync(args, CliEnvironment.FromProcess(), stop.Token);

void Stop(PosixSignalContext signal)
{
    signal.Cancel = !stop.IsCancellationRequested;
    stop.Cancel();
}
