using System.Collections.Concurrent;
using WanSharp.Engine;
using WanSharp.Engine.Requests;

namespace WanSharp.Jobs.Tests.Running;

/// <summary>A backend that writes the prompt as the clip, unless the test says what else a job does.</summary>
internal sealed class ScriptedBackend : IJobBackend
{
    private int _now;

    public string Name => "scripted";

    /// <summary>What a job does before its clip is written.</summary>
    public Func<JobRun, CancellationToken, Task> Before { get; init; } = (_, _) => Task.CompletedTask;

    /// <summary>What every clip began with.</summary>
    public ReusedSteps? Reused { get; init; }

    /// <summary>The outputs of all attempts, in order.</summary>
    public ConcurrentQueue<string> Ran { get; } = [];

    /// <summary>The prompts of jobs that it was told to expect.</summary>
    public List<string> Expected { get; } = [];

    /// <summary>The most jobs that ran at once.</summary>
    public int Most { get; private set; }

    /// <summary>Why a request cannot be made; null when it can.</summary>
    public Func<JobRequest, Exception?> Refuse { get; init; } = _ => null;

    public ValueTask<PreparedJob> PrepareAsync(JobRequest request, CancellationToken cancellationToken) =>
        Refuse(request) is { } exception ? throw exception : ValueTask.FromResult(TestJobs.Prepared() with { Seed = request.Seed ?? 0 });

    public async Task<JobOutcome> RunAsync(JobRun run, CancellationToken cancellationToken)
    {
        Ran.Enqueue(run.Job.Output);
        Most = Math.Max(Most, Interlocked.Increment(ref _now));
        try
        {
            run.Progress.Report(new GenerationProgress(GenerationStage.Denoise, 1, 2));
            await Before(run, cancellationToken);
            await File.WriteAllTextAsync(run.ArtifactPath, run.Job.Request.Prompt, cancellationToken);
            return new JobOutcome
            {
                Reused = Reused,
                IsOfItsKey = Reused is null,
                ComputeSeconds = 2,
                StageSeconds = new Dictionary<string, double> { ["denoise"] = 2 },
            };
        }
        finally
        {
            Interlocked.Decrement(ref _now);
        }
    }

    public ValueTask ExpectAsync(JobRequest request, CancellationToken cancellationToken)
    {
        Expected.Add(request.Prompt);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
