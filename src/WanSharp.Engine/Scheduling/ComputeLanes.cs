using WanSharp.Engine.Denoising;
using WanSharp.Engine.Memory;
using WanSharp.Engine.Reuse;
using WanSharp.Runtime.Memory;

namespace WanSharp.Engine.Scheduling;

/// <summary>
/// The threads that compute. Each takes the work that comes next, of whatever stage and clip: on a processor all stages use
/// the same cores, so that one after another is faster than all at once.
/// </summary>
/// <remarks>Thread-safe. Dispose ends the lanes after the piece of work that each one is at.</remarks>
internal sealed class ComputeLanes : IDisposable
{
    private readonly LaneQueue _queue;
    private readonly StepRunner _steps;
    private readonly EngineNetworks _networks;
    private readonly MemoryBudget _budget;
    private readonly MemoryPressure _pressure;
    private readonly TimeProvider _clock;
    private readonly EngineTelemetry _telemetry;
    private readonly Action? _stepped;
    private readonly List<Thread> _threads = [];

    /// <param name="options">How many pieces of work are computed at the same time, and how many clips share a step.</param>
    /// <param name="networks">Each lane's denoiser.</param>
    /// <param name="batches">How many clips step together.</param>
    /// <param name="telemetry">Records what lanes do.</param>
    /// <param name="budget">Has the memory of what lanes compute set aside.</param>
    /// <param name="pressure">Gives memory back where it is short.</param>
    /// <param name="stop">Stops the work that a lane is at.</param>
    public ComputeLanes(
        EngineOptions options,
        EngineNetworks networks,
        BatchSizer batches,
        EngineTelemetry telemetry,
        MemoryBudget budget,
        MemoryPressure pressure,
        CancellationToken stop
    )
    {
        _queue = new LaneQueue(batches, options.Clock);
        _steps = new StepRunner(_queue, batches, telemetry, pressure, stop);
        (_clock, _telemetry, _stepped) = (options.Clock, telemetry, options.Stepped);
        (_networks, _budget, _pressure) = (networks, budget, pressure);
        var count = options.Lanes;
        for (var lane = 0; lane < count; lane++)
        {
            // Threads of their own: in the pool they would keep continuations from running.
            var thread = new Thread(Work) { IsBackground = true, Name = $"wan lane {lane}" };
            thread.Start(lane);
            _threads.Add(thread);
        }
    }

    /// <summary>Has a lane compute something for a clip.</summary>
    /// <param name="clip">The clip.</param>
    /// <param name="stage">The stage.</param>
    /// <param name="compute">Computes it.</param>
    /// <param name="what">What of the stage, for traces; null for all of it.</param>
    public async Task<T> RunAsync<T>(ClipRun clip, GenerationStage stage, Func<T> compute, string? what = null)
    {
        var result = default(T)!;
        var work = new SingleWork(clip, stage, () => result = stage == GenerationStage.Encode ? Again(compute) : compute(), what);
        _queue.Add(work);
        await work.Done.ConfigureAwait(false);
        return result;
    }

    /// <summary>Has lanes take a clip's steps, together with those of other clips, until it is denoised.</summary>
    /// <param name="clip">Whose steps they are.</param>
    /// <param name="state">Where it stands.</param>
    /// <param name="recorder">Keeps some steps for clips of similar prompts; null where that is not wanted.</param>
    /// <param name="preview">Shows the steps' estimates; null if nothing shows them.</param>
    public async Task DenoiseAsync(ClipRun clip, DenoiseState state, StepRecorder? recorder, PreviewShow? preview)
    {
        if (state.Done)
        {
            return; // resumed after its last step
        }

        var snapshots = new SnapshotKeeper(clip);
        var work = new StepWork(clip, state, snapshots, recorder, preview);
        try
        {
            _queue.Add(work);
            await work.Done.ConfigureAwait(false);
        }
        finally
        {
            await snapshots.FinishAsync().ConfigureAwait(false);
            await (preview?.FinishAsync() ?? Task.CompletedTask).ConfigureAwait(false);
        }
    }

    public void Dispose()
    {
        _queue.Close();
#pragma warning disable RS0030 // Dispose cannot await, and what lanes compute with is freed after them
        _threads.ForEach(thread => thread.Join());
#pragma warning restore RS0030
    }

    /// <summary>Encoding starts over when it ran out of memory; decoding continues where it was.</summary>
    private T Again<T>(Func<T> compute)
    {
        try
        {
            return compute();
        }
        catch (MemoryLimitException shortage)
        {
            _pressure.Relieve(shortage);
            return compute();
        }
    }

    private void Work(object? lane)
    {
        var idleSince = _clock.GetTimestamp();
        while (_queue.Take((int)lane!) is { } works)
        {
            try
            {
                Compute((int)lane, works, idleSince);
            }
            catch (Exception e)
            {
                // Whatever it is, its clips fail with it; the lane has others, and the process must not end.
                works.ToList().ForEach(work => work.Fail(e));
            }

            idleSince = _clock.GetTimestamp();
        }
    }

    private void Compute(int lane, IReadOnlyList<LaneWork> works, long idleSince)
    {
        var first = works[0];
        var bytes = works.Sum(work => work.Clip.Bytes.For(work.Stage));
        using var cancelled = new AllCancelled([.. works.Select(work => work.Clip.Cancelled)]);
        using var memory = _budget.WaitForWork(bytes, first.Rank, cancelled.Token);
        _telemetry.AddIdle(_clock.GetElapsedTime(idleSince));
        if (first is SingleWork single)
        {
            var started = _clock.GetTimestamp();
            single.Run();
            _telemetry.AddBusy(single.Stage, _clock.GetElapsedTime(started));
            return;
        }

        // Kept until this returns: when the last of the clips ends, the denoisers may be wanted no more, and are disposed.
        var denoisers = first.Clip.Denoisers!;
        using var use = denoisers.Begin(denoisers.Options.Mode);
        _steps.Run(denoisers[lane], [.. works.Cast<StepWork>()]);
        _stepped?.Invoke();
        if (_networks.AreOnHost && !_queue.HasSteps)
        {
            denoisers[lane].ReleaseMemory(); // the last clip is decoded next, which needs memory, too
        }
    }
}
