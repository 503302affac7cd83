using WanSharp.Engine.Memory;
using WanSharp.Engine.Scheduling;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests.Scheduling;

public class AdmissionGateTests
{
    private readonly ManualClock _clock = new();

    [Fact]
    public async Task Enter_WhenFull_WaitsForAPlace()
    {
        var gate = new AdmissionGate(denoising: 1, finishing: 1, _clock, new MemoryBudget(null));
        var first = await gate.EnterAsync(Clip(1));
        var second = gate.EnterAsync(Clip(2));
        Assert.False(second.IsCompleted);

        await first.BeginFinishingAsync(); // its steps are done, but its writer is the one that may wait
        Assert.False(second.IsCompleted);
        first.Dispose();

        (await second).Dispose();
    }

    [Fact]
    public async Task Enter_OfALowPriorityThatWaitedLong_GoesBeforeAHigherOne()
    {
        var gate = new AdmissionGate(denoising: 1, finishing: 1, _clock, new MemoryBudget(null));
        var first = await gate.EnterAsync(Clip(1));
        var patient = gate.EnterAsync(Clip(2, priority: -2));
        _clock.Advance(WaitingRank.Rise * 3);
        var urgent = gate.EnterAsync(Clip(3));

        first.Dispose();

        Assert.Same(patient, await Task.WhenAny(patient, urgent));
        (await patient).Dispose();
        (await urgent).Dispose();
    }

    [Fact]
    public async Task Enter_Cancelled_LeavesTheQueue()
    {
        var gate = new AdmissionGate(denoising: 1, finishing: 1, _clock, new MemoryBudget(null));
        var first = await gate.EnterAsync(Clip(1));
        using var stop = new CancellationTokenSource();
        var cancelled = gate.EnterAsync(Clip(2, cancelled: stop.Token));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);

        first.Dispose();
        (await gate.EnterAsync(Clip(3))).Dispose();
    }

    [Fact]
    public async Task Enter_WithoutMemoryForAnotherClip_WaitsUntilThereIs()
    {
        var budget = new MemoryBudget(() => new MemoryAllowance(100, "--memory"));
        var gate = new AdmissionGate(denoising: 4, finishing: 4, _clock, budget);
        // more than there is, but alone
        var first = await gate.EnterAsync(Clip(1) with { Bytes = new ClipBytes(Own: 80, Encode: 10, Denoise: 30, Decode: 10) });
        var second = gate.EnterAsync(Clip(2) with { Bytes = new ClipBytes(Own: 10, Encode: 10, Denoise: 15, Decode: 10) });
        Assert.False(second.IsCompleted);

        first.Dispose();

        (await second).Dispose();
        Assert.Empty(budget.Reserved);
    }

    [Fact]
    public async Task Enter_CancelledWhileItHoldsUpASmallerClip_LetsThatBegin()
    {
        var budget = new MemoryBudget(() => new MemoryAllowance(100, "--memory"));
        var gate = new AdmissionGate(denoising: 4, finishing: 4, _clock, budget);
        using var first = await gate.EnterAsync(Clip(1) with { Bytes = new ClipBytes(Own: 50, Encode: 10, Denoise: 10, Decode: 10) });
        using var stop = new CancellationTokenSource();
        var large = gate.EnterAsync(Clip(2, cancelled: stop.Token) with { Bytes = new ClipBytes(Own: 60, 10, 10, 10) });
        var small = gate.EnterAsync(Clip(3) with { Bytes = new ClipBytes(Own: 10, 10, 10, 10) });
        Assert.False(small.IsCompleted);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => large);
        (await small).Dispose();
    }

    [Fact]
    public async Task BeginFinishing_WithoutRoomBesideAnotherClipsWork_WaitsAndNoneBeginsMeanwhile()
    {
        var budget = new MemoryBudget(() => new MemoryAllowance(100, "--memory"));
        var gate = new AdmissionGate(denoising: 4, finishing: 4, _clock, budget);
        var bytes = new ClipBytes(Own: 10, Encode: 10, Denoise: 30, Decode: 10, Held: 40);
        var (first, second) = (
            await gate.EnterAsync(Clip(1) with { Bytes = bytes }),
            await gate.EnterAsync(Clip(2) with { Bytes = bytes with { Denoise = 50 } })
        );

        var decoding = first.BeginFinishingAsync();
        Assert.False(decoding.IsCompleted); // 20 are theirs, 40 would be held, and a step of the other takes 50
        var third = gate.EnterAsync(Clip(3) with { Bytes = new ClipBytes(1, 1, 1, 1) });
        Assert.False(third.IsCompleted);
        second.Dispose();

        await decoding; // nobody is at work
        (await third).Dispose();
        first.Dispose();
        Assert.Empty(budget.Reserved);
    }

    [Fact]
    public async Task BeginFinishing_BesideAClipWhoseFramesAreEnlarged_WaitsForRoomForThat()
    {
        var budget = new MemoryBudget(() => new MemoryAllowance(100, "--memory"));
        var gate = new AdmissionGate(denoising: 4, finishing: 4, _clock, budget);
        var bytes = new ClipBytes(Own: 10, Encode: 1, Denoise: 1, Decode: 10, Held: 20, Enhance: 45);
        var first = await gate.EnterAsync(Clip(1) with { Bytes = bytes });
        using var second = await gate.EnterAsync(Clip(2) with { Bytes = bytes });

        var (one, other) = (first.BeginFinishingAsync(), second.BeginFinishingAsync());
        await one;
        Assert.False(other.IsCompleted); // 20 are theirs, 40 would be held, and a frame that is enlarged takes 45
        first.Dispose();

        await other;
    }

    [Fact]
    public async Task BeginFinishing_OfAllThatAreThere_LetsTheFirstBeginInAnyCase()
    {
        var budget = new MemoryBudget(() => new MemoryAllowance(100, "--memory"));
        var gate = new AdmissionGate(denoising: 4, finishing: 4, _clock, budget);
        var fitsAlone = new ClipBytes(Own: 10, Encode: 1, Denoise: 1, Decode: 10, Held: 200);
        var first = await gate.EnterAsync(Clip(1) with { Bytes = fitsAlone });
        using var stop = new CancellationTokenSource();
        var second = await gate.EnterAsync(
            Clip(2, cancelled: stop.Token) with
            {
                Bytes = new ClipBytes(Own: 1, Encode: 1, Denoise: 1, Decode: 1, Held: 50),
            }
        );
        var decoding = first.BeginFinishingAsync();
        Assert.False(decoding.IsCompleted);

        var other = second.BeginFinishingAsync();
        await decoding;
        Assert.False(other.IsCompleted);
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => other);
        second.Dispose();
        first.Dispose();
        Assert.Empty(budget.Reserved);
    }

    private ClipRun Clip(long order, int priority = 0, CancellationToken cancelled = default) =>
        new(Plan: null!, new GenerationRunOptions { Priority = priority }, new ClipClock(_clock), order, cancelled);
}
