using WanSharp.Engine.Memory;
using WanSharp.Engine.Scheduling;

namespace WanSharp.Engine.Tests.Memory;

public sealed class MemoryBudgetTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void Left_AfterReservations_IsWhatRemainsBesideCaches()
    {
        var cached = 10L;
        var budget = Budget(100);
        budget.Add("features", isCache: true, () => cached);
        budget.Add("activations", isCache: false, () => 1000);
        using var weights = budget.Reserve(ReservationKind.Weights, 50);
        var clip = budget.Reserve(ReservationKind.Clip, 5);

        Assert.Equal(40, budget.LeftBeside(ReservationKind.Weights));
        Assert.Equal(35, budget.LeftBeside(ReservationKind.Weights, ReservationKind.Clip));
        Assert.Equal([new("weights", 50), new("clips under way", 5)], budget.Reserved);
        Assert.Equal([new("features", 10), new("activations", 1000)], budget.Held);

        clip.Dispose();
        clip.Dispose(); // gives back once
        cached = 0;
        Assert.Equal(50, budget.LeftBeside(ReservationKind.Weights, ReservationKind.Clip));
    }

    [Fact]
    public async Task WaitForWork_WhereTwoDoNotFit_LetsOneAfterTheOther()
    {
        var budget = Budget(100);
        var first = Begin(budget, 60);
        using (Begin(budget, 40))
        {
            Assert.Equal(0, budget.LeftBeside(ReservationKind.Work));
        }

        var second = await WaitAsync(budget, 60);

        first.Dispose();
        (await second).Dispose();
    }

    [Fact]
    public async Task WaitForWork_OfLittle_DoesNotOvertakeWhatWaitsForMore()
    {
        var budget = Budget(100);
        var first = Begin(budget, 60);
        var large = await WaitAsync(budget, 80, order: 1);
        var little = await WaitAsync(budget, 10, order: 2);
        using (Begin(budget, 10, priority: 1)) // ranks before both
        {
            Assert.False(large.IsCompleted || little.IsCompleted);
        }

        first.Dispose();

        using var begun = await large;
        (await little).Dispose();
    }

    [Fact]
    public async Task WaitForWork_Cancelled_LetsTheNextOneBegin()
    {
        var budget = Budget(100);
        using var first = Begin(budget, 60);
        using var stop = new CancellationTokenSource();
        var large = await WaitAsync(budget, 80, order: 1, stop.Token);
        var little = await WaitAsync(budget, 10, order: 2);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => large);
        (await little).Dispose();
    }

    [Fact]
    public async Task WaitForWork_OfSeveralClips_EndsWhenAllAreCancelled()
    {
        var budget = Budget(100);
        using var first = Begin(budget, 60);
        using var one = new CancellationTokenSource();
        using var other = new CancellationTokenSource();
        using var both = new AllCancelled([one.Token, other.Token]);
        var large = await WaitAsync(budget, 80, order: 1, both.Token);
        var little = await WaitAsync(budget, 10, order: 2);

        await one.CancelAsync();
        Assert.False(large.IsCompleted || little.IsCompleted);
        await other.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => large);
        (await little).Dispose();
    }

    [Fact]
    public void WaitForWork_Alone_BeginsWhateverItTakes()
    {
        var budget = Budget(100);

        Begin(budget, 500).Dispose(); // predictions are not measurements: the run's own limit stops what is too much

        Assert.Equal(100, budget.LeftBeside(ReservationKind.Work));
    }

    [Fact]
    public void LookAgain_WhereMemoryChanges_FollowsWithHysteresis()
    {
        var now = new MemoryAllowance(1000, "free now");
        var budget = new MemoryBudget(() => now);

        now = now with { Bytes = 800 };
        budget.LookAgain();
        Assert.Equal(1000, budget.Allowance.Bytes);

        now = new MemoryAllowance(500, "the control group's limit");
        budget.LookAgain();
        Assert.Equal(now, budget.Allowance);

        now = now with { Bytes = 600 };
        budget.LookAgain();
        Assert.Equal(500, budget.Allowance.Bytes);

        now = now with { Bytes = 1000 };
        budget.LookAgain();
        Assert.Equal(900, budget.Allowance.Bytes);
    }

    private static MemoryBudget.Reservation Begin(MemoryBudget budget, long bytes, int priority = 0) =>
        budget.WaitForWork(bytes, new WaitingRank(priority, Order: 0, Since: 0), Token);

    /// <summary>Work that waits on a thread of its own, as a lane does; returns once it does.</summary>
    private static async Task<Task<MemoryBudget.Reservation>> WaitAsync(
        MemoryBudget budget,
        long bytes,
        long order = 1,
        CancellationToken? cancelled = null
    )
    {
        var others = budget.Waiting;
        var reserved = new TaskCompletionSource<MemoryBudget.Reservation>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            try
            {
                reserved.SetResult(budget.WaitForWork(bytes, new WaitingRank(0, order, Since: 0), cancelled ?? Token));
            }
            catch (OperationCanceledException e)
            {
                reserved.SetException(e);
            }
        })
        {
            IsBackground = true,
        }.Start();
        while (budget.Waiting == others)
        {
            await Task.Yield();
        }

        Assert.False(reserved.Task.IsCompleted);
        return reserved.Task;
    }

    private static MemoryBudget Budget(long bytes) => new(() => new MemoryAllowance(bytes, "--memory"));
}
