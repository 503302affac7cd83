using WanSharp.Engine.Costs;
using WanSharp.Engine.Memory;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Engine.Scheduling;
using WanSharp.Engine.Strategies;
using WanSharp.Models.Loras;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
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
    private readonly CostModel _costs;
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
        _costs = new CostModel(engine.Model);
        _networks = new EngineNetworks(engine.Model, new GraphCache(engine.Runtime), new SessionSettings(), null, 1, new MemoryPressure());
        _gate = Gate(StrategyChooser.Choose(_costs.Facts(_large, isOnHost: true), 1L << 40).Bytes - 1); // enough for the small clip
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

    [Fact]
    public async Task Enter_WithOtherMergedWeights_WaitsForTheClipsUnderWay()
    {
        var merged = _small with
        {
            Loras = new LoraPlan { IsMerged = true, Loras = [Lora("one")] },
        };
        var other = _small with
        {
            Loras = new LoraPlan { IsMerged = true, Loras = [Lora("other")] },
        };
        var first = await _gate.EnterAsync(Clip(merged));
        using var same = await _gate.EnterAsync(Clip(merged));

        var second = _gate.EnterAsync(Clip(other));

        Assert.False(second.IsCompleted); // a second transformer, which nothing counts
        first!.Dispose();
        same!.Dispose();
        (await second)!.Dispose();

        static PlannedLora Lora(string name) => new(name, LoraStrength.Full, null, new LoraIdentity(name));
    }

    [Fact]
    public async Task Enter_OfWhatOnlyBlocksCanDo_WaitsForTheClipsOfTheWholeNetwork()
    {
        var gate = Gate(1L << 40, CompileMode.Whole);
        var inBlocks = _planner.Plan(
            new GenerationRequest
            {
                Prompt = "a red circle",
                Nag = new(5),
                GuidanceScale = 1,
            }
        );
        var whole = await gate.EnterAsync(Clip(_small));
        Assert.Equal(CompileMode.Whole, whole!.Strategy.Compile);

        var waiting = gate.EnterAsync(Clip(inBlocks));

        Assert.False(waiting.IsCompleted);
        whole.Dispose();
        using var place = await waiting;
        Assert.Equal(CompileMode.Blocks, place!.Strategy.Compile);
        Assert.Contains("runs in blocks alone", place.Strategy.Reasons[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(50_000_000, true)]
    public async Task Enter_WithAnotherUpscaler_BeginsWhereBothHaveRoom(long more, bool begins)
    {
        using var folder = new TemporaryFolder();
        var plans = new List<GenerationPlan>();
        foreach (var name in (string[])["one", "other"])
        {
            var upscaler = Upscalers.Write(folder[$"{name}.safetensors"], Upscalers.Compact());
            plans.Add(_planner.Plan(new GenerationRequest { Prompt = "a red circle", Upscale = upscaler }));
        }

        var gate = Gate(StrategyChooser.Choose(_costs.Facts(plans[0], isOnHost: true), 1L << 40).Bytes + more);
        var first = await gate.EnterAsync(Clip(plans[0]));

        var second = gate.EnterAsync(Clip(plans[1]));

        Assert.Equal(begins, second.IsCompleted);
        first!.Dispose();
        (await second)!.Dispose();
    }

    [Fact]
    public async Task Enter_OfAClipThatATinyDecoderShows_CountsThePictures()
    {
        using var folder = new TemporaryFolder();
        var tiny = DecoderFiles.Write(folder["tiny.safetensors"], TinyVaes.Of(4), DecoderFiles.OfTheTinyModel);
        var plan = _planner.Plan(new GenerationRequest { Prompt = "a red circle", Decoder = tiny });
        var gate = Gate(1L << 40);
        using var hidden = await gate.EnterAsync(Clip(plan));
        var options = new GenerationRunOptions { Preview = (_, _) => ValueTask.CompletedTask };

        using var shown = await gate.EnterAsync(Clip(plan) with { Options = options });

        var frames = plan.Settings.Width * plan.Settings.Height * plan.Settings.Frames;
        Assert.Equal(3 * frames, shown!.Bytes.Own - hidden!.Bytes.Own);
    }

    private StrategyGate Gate(long memory, CompileMode? compile = null)
    {
        var policy = new StrategyPolicy(compile, new EngineOptions { Memory = memory }, _networks);
        return new StrategyGate(_costs, _networks, new MemoryBudget(() => new MemoryAllowance(memory, "--memory")), policy, _clock);
    }

    private ClipRun Clip(GenerationPlan plan, int priority = 0, CancellationToken cancelled = default) =>
        new(plan, new GenerationRunOptions { Priority = priority }, new ClipClock(_clock), ++_order, cancelled);
}
