using WanSharp.Engine.Costs;
using WanSharp.Engine.Features;
using WanSharp.Engine.Memory;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Engine.Scheduling;
using WanSharp.Engine.Strategies;
using WanSharp.Runtime;
using WanSharp.Runtime.Memory;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests.Scheduling;

/// <summary>Prompts that are encoded are freed, whatever happens before the clip has them. Alone, since memory is counted.</summary>
[Collection("alone")]
public sealed class PromptEncoderTests : IDisposable
{
    private static readonly GenerationRequest Circle = new() { Prompt = "a red circle" };

    private readonly LiveObjects _live = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly EngineTelemetry _telemetry = new();
    private readonly TinyEngine _engine;
    private readonly VideoGenerator _planner;
    private readonly EngineNetworks _networks;
    private readonly ComputeLanes _lanes;
    private readonly PromptEncoder _prompts;

    public PromptEncoderTests(TinyEngine engine)
    {
        var (options, budget, pressure) = (new EngineOptions { Lanes = 1 }, new MemoryBudget(null), new MemoryPressure());
        _engine = engine;
        _planner = new VideoGenerator(engine.Model, engine.Runtime, new SessionSettings());
        _networks = new EngineNetworks(engine.Model, new GraphCache(engine.Runtime), new SessionSettings(), null, 1, pressure);
        var batches = new BatchSizer(1, 1, (_, _) => 0, () => long.MaxValue);
        _lanes = new ComputeLanes(options, _networks, batches, _telemetry, budget, pressure, _stop.Token);
        var keys = new FeatureKeys(engine.Model.Identity, "");
        _prompts = new PromptEncoder(engine.Model, _networks, _lanes, new FeatureCache(null, 1 << 20), keys);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _engine.Runtime.Memory.Refuses = null;
        _lanes.Dispose();
        _networks.Dispose();
        _planner.Dispose();
        _telemetry.Dispose();
        _stop.Dispose();
        _live.AssertNoneIsLeft();
    }

    [Fact]
    public async Task Encode_CancelledWhileItWaitsToUnloadTheEncoder_FreesThePrompts()
    {
        var strategy = StrategyChooser.Choose(new CostModel(_engine.Model).Facts(_planner.Plan(Circle), isOnHost: true), 1L << 40);
        var plan = _planner.Plan(Circle) with { Strategy = strategy with { KeepsTextEncoder = false } };
        (await _prompts.EncodeAsync(Clip(plan, Token))).Dispose(); // both are features now
        var (begun, gate) = (NewSource(), NewSource());
        var other = _networks.UseTextEncoderAsync(
            async _ =>
            {
                begun.SetResult();
                await gate.Task;
                return true;
            },
            Token
        );
        await begun.Task;
        var before = LiveMemory();
        using var cancel = new CancellationTokenSource();
        var encoding = _prompts.EncodeAsync(Clip(plan, cancel.Token));

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => encoding);
        Assert.Equal(before, AlignedMemory.Live);
        gate.SetResult();
        await other;
    }

    [Fact]
    public async Task Encode_WhereTheNegativePromptFails_FreesThePrompt()
    {
        (await _prompts.EncodeAsync(Clip(_planner.Plan(Circle), Token))).Dispose();
        var plan = _planner.Plan(Circle with { NegativePrompt = "blurred" });
        var before = LiveMemory();
        _engine.Runtime.Memory.Refuses = _ => true;

        await Assert.ThrowsAsync<MemoryLimitException>(() => _prompts.EncodeAsync(Clip(plan, Token)));

        Assert.Equal(before, AlignedMemory.Live);
    }

    private static long LiveMemory()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return AlignedMemory.Live;
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static ClipRun Clip(GenerationPlan plan, CancellationToken cancelled) =>
        new(plan, new GenerationRunOptions(), new ClipClock(TimeProvider.System), 1, cancelled);
}
