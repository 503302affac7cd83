using WanSharp.Engine;
using WanSharp.Jobs.Batches;
using WanSharp.Jobs.Running;
using WanSharp.Jobs.Storage;
using WanSharp.Jobs.Styles;
using WanSharp.Media;
using WanSharp.Media.Clips;
using WanSharp.Media.Metadata;
using WanSharp.Storage;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Films;

/// <summary>
/// A backend whose jobs may continue clips (<see cref="JobRequest.Extends"/>): each is a film of its own in the place of the job's saved
/// state, so that an attempt goes on where the one before it stood. Thread-safe.
/// </summary>
/// <param name="clips">Makes the clips; this one's to close.</param>
/// <param name="model">What of the model decides how films are divided; null where another program makes the clips.</param>
/// <param name="ffmpeg">The program that reads and writes clips; null for none.</param>
/// <param name="clock">The clock.</param>
public sealed class ExtendingBackend(IJobBackend clips, FilmModel? model, string? ffmpeg, TimeProvider clock) : IJobBackend
{
    private const string Version = "extension 1"; // of what the key of a result covers
    private const int MostSeconds = 120; // a job that nobody can look into is not to run for days
    private const string Source = "the video"; // what the film came from: it says its own name only in its settings

    /// <inheritdoc/>
    public string Name => clips.Name;

    /// <inheritdoc/>
    public IReadOnlyList<string> Formats => clips.Formats;

    /// <inheritdoc/>
    public string FormatFor(string extension) => clips.FormatFor(extension);

    /// <inheritdoc/>
    public ValueTask RequireFormatAsync(string extension, CancellationToken cancellationToken) =>
        clips.RequireFormatAsync(extension, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<PreparedJob> PrepareAsync(JobRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Extends is not { } clip)
        {
            return await clips.PrepareAsync(request, cancellationToken).ConfigureAwait(false);
        }

        var (_, plan) = await PlanAsync(request, clip, cancellationToken).ConfigureAwait(false);
        var parts = plan.Jobs.OfType<NewJob>().Select(job => job.Prepared).ToList();
        return parts[0] with
        {
            ResultKey = await KeyAsync(plan, clip, cancellationToken).ConfigureAwait(false),
            Settings = plan.Embedded,
            Steps = parts.Sum(part => part.Steps),
            Reuses = null,
            Notes = [.. parts.SelectMany(part => part.Notes).Distinct()],
            Estimate = plan.Seconds(_ => true) is { } seconds ? TimeSpan.FromSeconds(seconds.Sum) : null,
        };
    }

    /// <inheritdoc/>
    public Task<JobOutcome> RunAsync(JobRun run, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(run);
        return run.Job.Request.Extends is { } clip ? ExtendAsync(run, clip, cancellationToken) : clips.RunAsync(run, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask ExpectAsync(JobRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        return request.Extends is null ? clips.ExpectAsync(request, cancellationToken) : ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => clips.DisposeAsync();

    private async Task<JobOutcome> ExtendAsync(JobRun run, string clip, CancellationToken cancellationToken)
    {
        var (planner, plan) = await PlanAsync(run.Job.Request, clip, cancellationToken).ConfigureAwait(false);
        var key = await KeyAsync(plan, clip, cancellationToken).ConfigureAwait(false);
        using var store = JobStore.Open(JobFolder.Create(run.SnapshotPath), clock);
        var film = new FilmRun(
            store,
            planner,
            plan,
            ffmpeg,
            new JobRunnerOptions
            {
                SnapshotInterval = run.SnapshotInterval,
                ReadSettings = (path, token) => MetadataReader.ReadAsync(ffmpeg, path, token),
                Clock = clock,
            }
        );
        var failed = await film.MakeAsync(new FilmClips(clips, run, plan), cancellationToken).ConfigureAwait(false);
        if (failed is [{ Error: var error }, ..])
        {
            throw new InvalidRequestException("prompt", error ?? "What follows the clip could not be made."); // it had its attempts
        }

        await film.JoinAsync(OutputTarget.Parse(run.ArtifactPath), run.Progress, cancellationToken).ConfigureAwait(false);
        return
            OutcomeOf([.. film.Outputs.OfType<string>().Select(output => store.Find(output)!.Outcome!)]) is var outcome
            && key == run.Job.ResultKey
            ? outcome
            : outcome with
            {
                IsOfItsKey = run.Job.ResultKey is null && outcome.IsOfItsKey,
            };
    }

    private async Task<(FilmPlanner Planner, FilmPlan Plan)> PlanAsync(JobRequest request, string clip, CancellationToken cancellationToken)
    {
        if (model is not { Continues: true })
        {
            throw new InvalidRequestException(
                "extends",
                $"{model?.Name ?? Name} continues no clips: take a model that takes a first picture (ti2v, i2v)."
            );
        }

        if (request.Seconds > MostSeconds)
        {
            throw new InvalidRequestException(
                "seconds",
                $"A clip is continued by {MostSeconds} seconds at most: continue the result again."
            );
        }

        try
        {
            var film = await ClipExtension
                .FilmAsync(ffmpeg, new GivenClip(clip), request with { Extends = null }, Source, cancellationToken)
                .ConfigureAwait(false);
            var jobs = new BatchPlanner(clips, StyleCatalog.Load([]), model.Name, FilmRun.SectionFormat); // styles were applied already
            var planner = new FilmPlanner(jobs, model, ffmpeg);
            return (planner, await planner.PlanAsync(Source, film, cancellationToken).ConfigureAwait(false));
        }
        catch (MediaException exception)
        {
            throw new InvalidRequestException("extends", exception.Message) { IsOfFile = true };
        }
    }

    /// <summary>Identifies the result: the clip, and what is made after it.</summary>
    private static async Task<string?> KeyAsync(FilmPlan plan, string clip, CancellationToken cancellationToken)
    {
        var keys = plan.Jobs.OfType<NewJob>().Select(job => job.Prepared.ResultKey).ToList();
        return keys.Contains(null)
            ? null
            : Digests.OfParts([
                Version,
                FilmPieces.Version,
                await Digests.OfFileAsync(clip, cancellationToken).ConfigureAwait(false),
                .. plan.Parts.Select(part => FormattableString.Invariant($"{part.Skip} {part.Show}")),
                .. keys.Select(key => key!),
            ]);
    }

    /// <summary>What the parts took together.</summary>
    private static JobOutcome OutcomeOf(IReadOnlyList<JobOutcome> parts) =>
        parts[0] with
        {
            StageSeconds = parts
                .SelectMany(part => part.StageSeconds)
                .GroupBy(stage => stage.Key)
                .ToDictionary(stage => stage.Key, stage => Math.Round(stage.Sum(one => one.Value), 4)),
            ComputeSeconds = Math.Round(parts.Sum(part => part.ComputeSeconds), 4),
            BatchSizes = [],
            SkippedSteps = parts.Sum(part => part.SkippedSteps),
            FeatureHits = parts.Sum(part => part.FeatureHits),
            FeatureMisses = parts.Sum(part => part.FeatureMisses),
            Reused = parts.Select(part => part.Reused).FirstOrDefault(reused => reused is not null),
            IsOfItsKey = parts.All(part => part.IsOfItsKey),
            Notes = [.. parts.SelectMany(part => part.Notes).Distinct()],
        };

    /// <summary>Makes the film's clips in the name of the job that they are for: with its priority, its preview, its progress.</summary>
    private sealed class FilmClips(IJobBackend clips, JobRun of, FilmPlan plan) : IJobBackend
    {
        private readonly int _steps = plan.Jobs.Sum(job => job?.Prepared.Steps ?? 0);
        private int _done; // of the parts before

        public string Name => clips.Name;

        public ValueTask<PreparedJob> PrepareAsync(JobRequest request, CancellationToken cancellationToken) =>
            clips.PrepareAsync(request, cancellationToken);

        public async Task<JobOutcome> RunAsync(JobRun run, CancellationToken cancellationToken)
        {
            var relay = new Relay(this, run.Progress);
            var outcome = await clips
                .RunAsync(
                    run with
                    {
                        Job = run.Job with { Priority = of.Job.Priority },
                        Preview = of.Preview,
                        Progress = relay,
                    },
                    cancellationToken
                )
                .ConfigureAwait(false);
            _done += relay.Steps;
            return outcome;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        /// <summary>Tells of steps to both jobs; the rest is the part's own.</summary>
        private sealed class Relay(FilmClips film, IProgress<GenerationProgress> part) : IProgress<GenerationProgress>
        {
            public int Steps { get; private set; }

            public void Report(GenerationProgress value)
            {
                part.Report(value);
                if (value.Stage == GenerationStage.Denoise)
                {
                    Steps = value.Total;
                    film.Report(value.Done);
                }
            }
        }

        private void Report(int steps) =>
            of.Progress.Report(new GenerationProgress(GenerationStage.Denoise, Math.Min(_done + steps, _steps), _steps));
    }
}
