using WanSharp.Engine.Memory;

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
        var first = budget.WaitForWork(60);
        using (budget.WaitForWork(40))
        {
            Assert.Equal(0, budget.LeftBeside(ReservationKind.Work));
        }

        var second = Task.Run(() => budget.WaitForWork(60), Token);
        await Task.WhenAny(second, Task.Delay(20, Token));
        Assert.False(second.IsCompleted);

        first.Dispose();
        (await second).Dispose();
    }

    [Fact]
    public void WaitForWork_Alone_BeginsWhateverItTakes()
    {
        var budget = Budget(100);

        budget.WaitForWork(500).Dispose(); // predictions are no measurements: the run's own limit stops what is too much

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

    private static MemoryBudget Budget(long bytes) => new(() => new MemoryAllowance(bytes, "--memory"));
}
