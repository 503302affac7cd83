using System.Runtime.InteropServices;
using WanSharp.Cli.Terminal;
using WanSharp.Testing;

namespace WanSharp.Cli.Tests;

/// <summary>What a signal does, whenever it comes and whatever hears of it.</summary>
public sealed partial class StopSignalsTests
{
    private readonly List<string> _said = [];
    private readonly ManualClock _clock = new();

    [Fact]
    public void TheFirst_StopsCleanly_TheSecondEndsTheProcess()
    {
        using var signals = new StopSignals(_clock, _said.Add);
        var (first, hangup, second) = (Of(PosixSignal.SIGINT), Of(PosixSignal.SIGHUP), Of(PosixSignal.SIGTERM));

        signals.Stop(first);
        signals.Stop(hangup);
        signals.Stop(second);

        Assert.True(signals.Token.IsCancellationRequested);
        Assert.True(first.Cancel);
        Assert.True(hangup.Cancel);
        Assert.False(second.Cancel);
    }

    [Fact]
    public async Task WhatTakesLongToStop_IsSaid()
    {
        var (clock, said) = (new SkippingClock(), new TaskCompletionSource<string>());
        using var signals = new StopSignals(clock, said.SetResult);
        Assert.Empty(clock.Skipped);

        signals.Stop(Of(PosixSignal.SIGINT));

        Assert.Equal(
            "wan: stopping; a second signal (Ctrl-C again) ends the process at once.",
            await said.Task.WaitAsync(TestContext.Current.CancellationToken)
        );
        Assert.Equal(TimeSpan.FromSeconds(2), Assert.Single(clock.Skipped));
    }

    [Fact]
    public void WhatFailsToStop_AbortsNothing()
    {
        using var signals = new StopSignals(_clock, _said.Add);
        var told = false;
        using var one = signals.Token.Register(() => told = true);
        using var other = signals.Token.Register(() => throw new InvalidOperationException());

        signals.Stop(Of(PosixSignal.SIGINT));

        Assert.True(told);
    }

    [Fact]
    public void ASignal_WhileTheProcessEnds_DoesNothing()
    {
        var signals = new StopSignals(_clock, _said.Add);
        signals.Dispose();

        signals.Stop(Of(PosixSignal.SIGINT));
        _clock.Advance(TimeSpan.FromSeconds(3));

        Assert.Empty(_said);
    }

    /// <summary>What batch systems send before a job's time is up ends the program as TERM does, and not twice.</summary>
    [Fact]
    public async Task ASignalOfATimeLimit_StopsCleanly()
    {
        Assert.SkipUnless(StopSignals.SignalsOfLimits.Count > 0, "This system has none of these signals.");
        foreach (var signal in StopSignals.SignalsOfLimits)
        {
            using var signals = new StopSignals(_clock, _said.Add);
            var stopped = new TaskCompletionSource();
            using var registration = signals.Token.Register(stopped.SetResult);

            Assert.Equal(0, Kill(Environment.ProcessId, (int)signal)); // would end this process
            await stopped.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

            var again = Of(signal);
            signals.Stop(again);
            Assert.True(again.Cancel);
        }
    }

    /// <summary>Whoever writes more than <c>ulimit -f</c> allows gets an error with words, not the signal's end of the process.</summary>
    [Fact]
    public void ASignalOfAFileTooLarge_DoesNothing()
    {
        const int FileSize = 25;
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such signal.");
        using var signals = new StopSignals(_clock, _said.Add);

        Assert.Equal(0, Kill(Environment.ProcessId, FileSize)); // would end this process

        Assert.False(signals.Token.IsCancellationRequested);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);

    private static PosixSignalContext Of(PosixSignal signal) => new(signal);
}
