using WanSharp.Engine.Denoising;
using WanSharp.Engine.Memory;
using WanSharp.Runtime.Memory;

namespace WanSharp.Engine.Scheduling;

/// <summary>Takes one step of several clips, and keeps what goes wrong with one of them from the others.</summary>
/// <param name="queue">Where clips wait for their next step.</param>
/// <param name="batches">Learns what steps cost.</param>
/// <param name="telemetry">Records steps.</param>
/// <param name="pressure">Gives memory back for a step that was short of it.</param>
/// <param name="stop">The generator's end.</param>
internal sealed class StepRunner(
    LaneQueue queue,
    BatchSizer batches,
    EngineTelemetry telemetry,
    MemoryPressure pressure,
    CancellationToken stop
)
{
    /// <summary>
    /// Takes the next step of each clip; those that are not done wait for another. Never throws: a clip that waits again may be another
    /// lane's by then, and must not fail with its neighbours.
    /// </summary>
    /// <param name="denoiser">The lane's own.</param>
    /// <param name="works">Clips of one batch key.</param>
    public void Run(Denoiser denoiser, IReadOnlyList<StepWork> works)
    {
        // A clip that goes on from a snapshot, or with another clip's steps, may begin with a step that is estimated.
        List<StepWork> ready = [.. works.Where(Announce)];
        List<StepWork> skipping = [.. ready.Where(work => work.State.SkipsNext)];
        ready.RemoveAll(skipping.Contains);
        if (ready.Count > 0 && Step(denoiser, ready))
        {
            ready.ForEach(work => Proceed(denoiser, work));
        }

        skipping.Where(work => Skip(denoiser, work)).ToList().ForEach(work => Proceed(denoiser, work));
    }

    /// <summary>Tells the clip's caller of the step; it may fail, or give the clip up.</summary>
    private static bool Announce(StepWork work)
    {
        try
        {
            work.Clip.Cancelled.ThrowIfCancellationRequested();
            var sampler = work.State.Sampler;
            work.Clip.Report(GenerationStage.Denoise, sampler.NextStep, sampler.StepCount, work.State.Cache?.Skipped ?? 0);
            work.Clip.Cancelled.ThrowIfCancellationRequested();
            return true;
        }
        catch (Exception e) // the clip's alone, whatever it is
        {
            work.Fail(e);
            return false;
        }
    }

    private bool Step(Denoiser denoiser, List<StepWork> works, bool isAgain = false)
    {
        var clock = works[0].Clip.Clock.Time;
        var key = works[0].Key; // of this step; the next one may be another expert's
        var rows = works.Sum(work => work.State.BranchesNow * work.State.WindowCount);
        int[] skipped = [.. works.Select(work => work.State.Cache?.Skipped ?? 0)];
        var started = clock.GetTimestamp();
        using var span = EngineTelemetry.StartStep(works[0].Clip.Clock.Trace);
        try
        {
            // A shared step continues when one of its clips is cancelled: that clip leaves after it.
            denoiser.Step([.. works.Select(work => work.State)], works is [var only] ? only.Clip.Cancelled : stop);
        }
        catch (MemoryLimitException shortage) when (!isAgain)
        {
            // The step was not taken: with what was given back it may fit, else in halves.
            if (pressure.Relieve(shortage) == ShedStage.BatchSize && works.Count > 1)
            {
                batches.Refuse(key, works.Count);
                works
                    .Chunk((works.Count + 1) / 2)
                    .Where(half => Step(denoiser, [.. half], isAgain: true))
                    .ToList()
                    .ForEach(half => Array.ForEach(half, work => Proceed(denoiser, work)));
                return false;
            }

            return Step(denoiser, works, isAgain: true);
        }
        catch (Exception e) when (works.Count == 1)
        {
            works[0].Fail(e);
            return false;
        }
        catch (Exception) when (!stop.IsCancellationRequested)
        {
            // Together they did not fit, or one of them cannot: which one shows when each steps alone.
            batches.Refuse(key, works.Count);
            works.Where(work => Step(denoiser, [work])).ToList().ForEach(work => Proceed(denoiser, work));
            return false;
        }
        catch (Exception e)
        {
            works.ForEach(work => work.Fail(e));
            return false;
        }

        try
        {
            var duration = clock.GetElapsedTime(started);
            batches.Observe(key, works.Count, rows, duration);
            Count(works, skipped, duration);
            return true;
        }
        catch (Exception e) // of whoever listens to what is measured
        {
            works.ForEach(work => work.Fail(e));
            return false;
        }
    }

    /// <summary>Counts a step that was taken.</summary>
    /// <param name="works">The clips.</param>
    /// <param name="skipped">How many steps each had skipped before.</param>
    /// <param name="duration">How long it took.</param>
    private void Count(List<StepWork> works, int[] skipped, TimeSpan duration)
    {
        telemetry.AddBusy(GenerationStage.Denoise, duration);
        telemetry.AddStep(works.Count);
        for (var i = 0; i < works.Count; i++)
        {
            var reused = (works[i].State.Cache?.Skipped ?? 0) > skipped[i]; // the step's pass ended after its first block
            works[i].Clip.Clock.AddStep(duration, works.Count, reused);
            telemetry.AddReused(reused);
        }
    }

    /// <summary>
    /// After a step: offers the clip to those who look at it, and takes the steps that need no network. So the clips that wait for a batch
    /// are those with something to compute, and one that skips leaves its place to another.
    /// </summary>
    private void Proceed(Denoiser denoiser, StepWork work)
    {
        while (Offer(work))
        {
            if (work.State.Done)
            {
                work.Complete();
                return;
            }

            if (!work.State.SkipsNext)
            {
                queue.Add(work);
                return;
            }

            if (!Announce(work) || !Skip(denoiser, work))
            {
                return;
            }
        }
    }

    /// <summary>Takes a step that is estimated.</summary>
    private bool Skip(Denoiser denoiser, StepWork work)
    {
        var clock = work.Clip.Clock;
        var started = clock.Time.GetTimestamp();
        try
        {
            denoiser.Skip(work.State);
            var duration = clock.Time.GetElapsedTime(started);
            clock.AddSkip(duration);
            telemetry.AddBusy(GenerationStage.Denoise, duration);
            telemetry.AddSkip();
            return true;
        }
        catch (Exception e) // the clip's alone
        {
            work.Fail(e);
            return false;
        }
    }

    private static bool Offer(StepWork work)
    {
        try
        {
            work.Preview?.Offer(work.State);
            if (!work.State.Done)
            {
                work.Snapshots.Offer(work.State);
                work.Recorder?.Offer(work.State);
            }

            return true;
        }
        catch (Exception e)
        {
            work.Fail(e);
            return false;
        }
    }
}
