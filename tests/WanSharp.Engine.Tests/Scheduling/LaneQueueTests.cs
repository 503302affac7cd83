using WanSharp.Engine.Denoising;
using WanSharp.Engine.Memory;
using WanSharp.Engine.Sampling;
using WanSharp.Engine.Scheduling;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests.Scheduling;

public class LaneQueueTests
{
    private readonly ManualClock _clock = new();
    private readonly LaneQueue _queue;

    public LaneQueueTests() => _queue = new LaneQueue(new BatchSizer(1, lanes: 1, (_, clips) => clips, memory: () => 0), _clock);

    [Fact]
    public void Take_AmongEquals_PrefersWhatIsNearestToItsEnd_ThenTheOldestClip()
    {
        var (youngDecode, oldEncode, oldDecode) = (
            Add(3, GenerationStage.Decode),
            Add(1, GenerationStage.Encode),
            Add(2, GenerationStage.Decode)
        );

        Assert.Equal([oldDecode, youngDecode, oldEncode], TakeAll(3));
    }

    [Fact]
    public void Take_OfAHigherPriority_GoesBeforeEverything()
    {
        var (decode, urgent) = (Add(1, GenerationStage.Decode), Add(2, GenerationStage.Encode, priority: 1));

        Assert.Equal([urgent, decode], TakeAll(2));
    }

    [Fact]
    public void Take_OfALowPriorityThatWaitedLong_GoesBeforeNewWorkOfAHigherOne()
    {
        var patient = Add(1, GenerationStage.Encode, priority: -2);
        _clock.Advance(WaitingRank.Rise * 3);
        var urgent = Add(2, GenerationStage.Encode);

        Assert.Equal([patient, urgent], TakeAll(2));
    }

    [Fact]
    public async Task Add_OfWorkThatIsCancelledLater_EndsItWhileEveryLaneIsBusy()
    {
        using var stop = new CancellationTokenSource();
        var waiting = Add(1, GenerationStage.Encode, cancelled: stop.Token);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.Done);
    }

    [Fact]
    public async Task Take_WhereTheNextCannotBeChosen_FailsWhatWaitsAndGoesOn()
    {
        var failure = new InvalidOperationException("the free memory is not known");
        var queue = new LaneQueue(new BatchSizer(fixedSize: 1, lanes: 2, (_, clips) => clips, () => throw failure), _clock);
        using var state = State();
        var step = new StepWork(Clip(1), state, new SnapshotKeeper(Clip(1)));
        queue.Add(step);

        var taken = Task.Run(() => queue.Take(lane: 0));
        Assert.Same(failure, await Assert.ThrowsAsync<InvalidOperationException>(() => step.Done));
        var next = new SingleWork(Clip(2), GenerationStage.Encode, () => { });
        queue.Add(next);

        Assert.Equal([next], await taken);
    }

    [Fact]
    public async Task Take_PassesByWhatWasCancelled_AndTellsIt()
    {
        var cancelled = Add(1, GenerationStage.Encode, cancelled: new CancellationToken(canceled: true));
        var next = Add(2, GenerationStage.Encode);

        Assert.Equal([next], TakeAll(1));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.Done);
    }

    [Fact]
    public void Take_WithMemoryForFewerLanesThanBefore_LeavesClipsTheirLanes()
    {
        var memory = 1L << 30;
        var queue = new LaneQueue(new BatchSizer(1, lanes: 2, (_, clips) => clips, () => memory), _clock);
        using var state = State();
        var clip = Clip(1);
        var step = new StepWork(clip, state, new SnapshotKeeper(clip));
        queue.Add(step);
        Assert.Equal([step], queue.Take(lane: 1));

        memory = 0; // other clips took it
        queue.Add(step);
        // found where the step is not
        queue.Add(new SingleWork(clip with { Options = new GenerationRunOptions { Priority = -1 } }, GenerationStage.Encode, () => { }));

        Assert.Same(step, Assert.Single(queue.Take(lane: 1)!));
    }

    [Fact]
    public async Task Close_FailsWhatWaitsAndWhatComes()
    {
        var waiting = Add(1, GenerationStage.Encode);

        _queue.Close();

        Assert.Null(_queue.Take(lane: 0));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.Done);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Add(2, GenerationStage.Encode).Done);
    }

    private LaneWork[] TakeAll(int count) => [.. Enumerable.Range(0, count).SelectMany(_ => _queue.Take(lane: 0)!)];

    private SingleWork Add(long order, GenerationStage stage, int priority = 0, CancellationToken cancelled = default)
    {
        var work = new SingleWork(Clip(order, priority, cancelled), stage, () => { });
        _queue.Add(work);
        return work;
    }

    private ClipRun Clip(long order, int priority = 0, CancellationToken cancelled = default) =>
        new(Plan: null!, new GenerationRunOptions { Priority = priority }, new ClipClock(_clock), order, cancelled);

    private static DenoiseState State() =>
        new(
            Samplers.Create(SamplerKind.UniPc, 3, 3),
            new StepGuidance { Scales = [1, 1, 1] },
            [],
            ImageConditions.None,
            Tensor.Zeros(DType.F32, [1, 16, 1, 2, 2])
        );
}
