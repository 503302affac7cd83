using WanSharp.Engine.Memory;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Engine.Scheduling;
using WanSharp.Engine.Strategies;
using WanSharp.Runtime;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests.Scheduling;

/// <summary>Alone, since a strategy limits the memory of all runs of the process.</summary>
[NoLiveObjects]
[Collection("alone")]
public sealed class StrategyGateTests : IDisposable
{
    private readonly ManualClock _clock = new();
    private readonly VideoGenerator _planner;
    private readonly EngineNetworks _networks;
    private readonly StrategyGate _gate;
    private readonly GenerationPlan _small;
    private readonly GenerationPlan _large;
    private long _order;

    public StrategyGateTests(TinyEngine engine)
    {
        _planner = new VideoGenerator(engine.Model, engine.Runtime, new SessionSettings());
        _small = _planner.Plan(new GenerationRequest { Prompt = "a red circle" });
        _large = _planner.Plan(
            new GenerationRequest
            {
                Prompt = "a red circle",
                Width = 48,
                Height = 32,
            }
        );
        var costs = new CostModel(engine.Model);
        var memory = StrategyChooser.Choose(costs.Facts(_large, isOnHost: true), 1L << 40).Bytes - 1; // enough for the small clip
        var options = new EngineOptions { Memory = memory };
        var budget = new MemoryBudget(() => new MemoryAllowance(memory, "--memory"));
        _networks = new EngineNetworks(engine.Model, new GraphCache(engine.Runtime), new SessionSettings(), null, 1, new MemoryPressure());
        _gate = new StrategyGate(costs, _networks, budget, new StrategyPolicy(null, options, _networks), _clock);
    }

    public void Dispose()
    {
        _networks.Dispose();
        _planner.Dispose();
    }

    [Fact]
    public async Task Enter_OfClipsThatFitTheStrategy_BeginTogether()
    {
        using var first = await _gate.EnterAsync(Clip(_small));
        using var second = await _gate.EnterAsync(Clip(_small));

        Assert.True(first!.Strategy.KeepsTextEncoder);
        Assert.Same(first.Strategy, second!.Strategy);
    }

    [Fact]
    public async Task Enter_ForAnotherStrategy_IsNotOvertakenByAStreamOfClips()
    {
        var running = new Queue<StrategyGate.Admission>([(await _gate.EnterAsync(Clip(_small)))!, (await _gate.EnterAsync(Clip(_small)))!]);
        var large = _gate.EnterAsync(Clip(_large));
        var stream = Enumerable.Range(0, 20).Select(_ => _gate.EnterAsync(Clip(_small))).ToList();

        Assert.False(large.IsCompleted);
        Assert.DoesNotContain(stream, newcomer => newcomer.IsCompleted);
        running.Dequeue().Dispose();
        Assert.False(large.IsCompleted);
        running.Dequeue().Dispose();

        using (var place = await large)
        {
            Assert.False(place!.Strategy.KeepsTextEncoder);
        }

        foreach (var newcomer in stream)
        {
            (await newcomer)!.Dispose();
        }
    }

    [Fact]
    public async Task Enter_OfAHigherPriority_OvertakesUntilWaitingHasRisenAboveIt()
    {
        using var running = await _gate.EnterAsync(Clip(_small));
        var large = _gate.EnterAsync(Clip(_large));
        using var urgent = await _gate.EnterAsync(Clip(_small, priority: 1));

        _clock.Advance(WaitingRank.Rise * 2);
        var late = _gate.EnterAsync(Clip(_small, priority: 1));

        Assert.False(late.IsCompleted);
        running!.Dispose();
        urgent!.Dispose();
        (await large)!.Dispose();
        (await late)!.Dispose();
    }

    [Fact]
    public async Task Enter_Cancelled_EndsTheWaitAndLetsInThoseBehind()
    {
        using var running = await _gate.EnterAsync(Clip(_small));
        using var stop = new CancellationTokenSource();
        var large = _gate.EnterAsync(Clip(_large, cancelled: stop.Token));
        var behind = _gate.EnterAsync(Clip(_small));
        Assert.False(behind.IsCompleted);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => large);
        (await behind)!.Dispose();
    }

    private ClipRun Clip(GenerationPlan plan, int priority = 0, CancellationToken cancelled = default) =>
        new(plan, new GenerationRunOptions { Priority = priority }, new ClipClock(_clock), ++_order, cancelled);
}
