using System.Runtime.InteropServices;
using WanSharp.Cli.Terminal;
using WanSharp.Testing;

namespace WanSharp.Cli.Tests;

/// <summary>What a signal does, whenever it comes and whatever hears of it.</summary>
public sealed class StopSignalsTests
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

    private static PosixSignalContext Of(PosixSignal signal) => new(signal);
}
