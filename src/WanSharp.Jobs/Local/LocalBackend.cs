using System.Collections.Concurrent;
using System.Globalization;
using WanSharp.Engine;
using WanSharp.Engine.Denoising;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Engine.Reuse;
using WanSharp.Jobs.Results;
using WanSharp.Jobs.Storage;
using WanSharp.Media;
using WanSharp.Media.Clips;
using WanSharp.Media.Images;
using WanSharp.Models;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Local;

/// <summary>
/// Makes clips with the engine of this process, which stays resident: jobs share its networks, features and denoise steps.
/// Thread-safe.
/// </summary>
/// <param name="generator">The engine; stays the caller's.</param>
/// <param name="ffmpeg">The program that writes mp4, webm and gif; null for none: such clips are written as WebP.</param>
/// <param name="estimate">Predicts how long a plan takes; null if no estimate is needed.</param>
/// <param name="clock">The clock. Default: the system's.</param>
public sealed class LocalBackend(
    IVideoGenerator generator,
    string? ffmpeg,
    Func<GenerationPlan, TimeSpan>? estimate = null,
    TimeProvider? clock = null
) : IJobBackend
{
    private const string LocalName = "local";

    private readonly TimeProvider _clock = clock ?? TimeProvider.System;
    private readonly ImageFiles _images = new(ffmpeg);
    private readonly ConcurrentDictionary<OutputKind, bool> _writable = []; // formats that were tried: a trial is a process

    /// <inheritdoc/>
    public string Name => LocalName;

    /// <summary>
    /// Steps of earlier clips, with which jobs of similar prompts begin, and which get those of new ones; null to begin each clip
    /// with noise.
    /// </summary>
    public StepStore? Steps { get; init; }

    /// <summary>
    /// Receives a line when a clip cannot go on where it stood and starts over, or when its state cannot be saved. Default: null.
    /// </summary>
    public Action<string>? Notice { get; init; }

    /// <inheritdoc/>
    public async ValueTask<PreparedJob> PrepareAsync(JobRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var plan = await PlanAsync(request, cancellationToken).ConfigureAwait(false);
        await generator.RequireInputsAsync(plan, cancellationToken).ConfigureAwait(false);
        var settings = plan.Settings;
        if (settings.ToJson() is { Length: > VideoWriter.MaxSettingsLength and var length })
        {
            throw new InvalidRequestException(
                "prompt",
                $"The clip embeds its settings, which are {length} characters long, {length - VideoWriter.MaxSettingsLength} "
                    + "more than fit: shorten the prompt or the negative prompt."
            );
        }

        var reuses =
            estimate is not null && Steps is not null
                ? (await generator.FindSimilarAsync(plan, Steps, cancellationToken).ConfigureAwait(false))?.Reused
                : null;
        return new PreparedJob
        {
            ExecutionGroup = string.Create(
                CultureInfo.InvariantCulture,
                $"{settings.ModelDigest} {plan.Latents} {plan.PassLatents} {plan.Branches}"
            ),
            FeatureGroup = string.Join(
                '\n',
                settings.Images.Select(image => image.Sha256).Prepend(settings.NegativePrompt).Prepend(settings.Prompt)
            ),
            ResultKey = ResultKey.OfEngine(plan),
            Settings = settings.ToJson(),
            Seed = settings.Seed,
            Steps = settings.Steps,
            Estimate = estimate?.Invoke(reuses is null ? plan : plan.After(reuses.Steps)),
            Reuses = reuses,
            Notes = NotesOf(plan),
        };
    }

    /// <inheritdoc/>
    public string FormatFor(string extension) =>
        ffmpeg is not null || WithoutFfmpeg.CanWrite(OutputTarget.Parse($"clip{extension}").Kind) ? extension : WithoutFfmpeg.Extension;

    /// <inheritdoc/>
    public async ValueTask RequireFormatAsync(string extension, CancellationToken cancellationToken)
    {
        var kind = OutputTarget.Parse($"clip{extension}").Kind;
        if (!_writable.ContainsKey(kind))
        {
            await EncoderCheck.RequireAsync(ffmpeg, kind, cancellationToken).ConfigureAwait(false);
            _writable[kind] = true;
        }
    }

    /// <inheritdoc/>
    public async Task<JobOutcome> RunAsync(JobRun run, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(run);
        var plan = await PlanAsync(run.Job.Request, cancellationToken).ConfigureAwait(false);
        RequirePlanned(run.Job, plan);
        var snapshots = new SnapshotFile(
            run.SnapshotPath,
            why => Notice?.Invoke($"{run.Job.Output}: goes on unsaved, and would start over after an interruption: {why}")
        );
        var (saved, problem) = snapshots.Read();
        if (saved is { Reused: not null } && Steps is null)
        {
            problem = "it started from another clip's steps, and steps are not reused now";
        }

        if (saved is not null && problem is null)
        {
            try
            {
                return await GenerateAsync(run, plan, snapshots, saved, cancellationToken).ConfigureAwait(false);
            }
            catch (SnapshotMismatchException exception)
            {
                problem = exception.Message;
            }
        }

        if (problem is not null)
        {
            Notice?.Invoke($"{run.Job.Output}: starts over: {problem}");
        }

        var outcome = await GenerateAsync(run, plan, snapshots, resume: null, cancellationToken).ConfigureAwait(false);
        return outcome with { StartedOver = problem };
    }

    /// <inheritdoc/>
    public async ValueTask ExpectAsync(JobRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        // what fails now fails for its job, too
        _ = generator.ExpectAsync(await PlanAsync(request, cancellationToken).ConfigureAwait(false), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task<JobOutcome> GenerateAsync(
        JobRun run,
        GenerationPlan plan,
        SnapshotFile snapshots,
        DenoiseSnapshot? resume,
        CancellationToken cancellationToken
    )
    {
        var began = _clock.GetTimestamp();
        var start =
            Steps is null || resume is not null || run.Job.ResultKey is null
                ? null
                : await generator.FindSimilarAsync(plan, Steps, cancellationToken).ConfigureAwait(false);
        var reused = resume is null ? start?.Reused : resume.Reused;
        var writer = new LateVideoWriter(
            ffmpeg,
            OutputTarget.Parse(run.ArtifactPath),
            plan.Format,
            (plan.Settings with { Reused = reused }).ToJson()
        );
        await using var writerEnd = writer.ConfigureAwait(false);
        var before = _clock.GetElapsedTime(began);
        var options = new GenerationRunOptions
        {
            Progress = run.Progress,
            Priority = run.Job.Priority,
            Resume = resume,
            Start = start,
            Steps = Steps,
            Preview = run.Preview,
            Save = snapshots.WriteAsync,
            SaveInterval = run.SnapshotInterval,
        };
        var statistics = await MakeAsync(plan, writer, options, cancellationToken).ConfigureAwait(false);
        await writer.CompleteAsync(cancellationToken).ConfigureAwait(false);
        return new JobOutcome
        {
            StageSeconds = statistics
                .Stages.OrderBy(stage => stage.Key)
                .ToDictionary(stage => NameOf(stage.Key), stage => Seconds(stage.Value.Share)),
            ComputeSeconds = Seconds(statistics.Stages.Values.Aggregate(TimeSpan.Zero, (sum, stage) => sum + stage.Share)),
            BatchSizes = [.. statistics.BatchSizes.Select(sample => new BatchSizeSpan(Seconds(before + sample.From), sample.Clips))],
            MeanBatchSize = Math.Round(statistics.MeanBatchSize, 2),
            SkippedSteps = statistics.SkippedSteps,
            Compile = statistics.Compile.ToString().ToLowerInvariant(),
            FeatureHits = statistics.FeatureHits,
            FeatureMisses = statistics.FeatureMisses,
            ResumedAtStep = resume?.NextStep,
            Reused = reused,
            // a model that changed since then is another's
            IsOfItsKey = reused is null && statistics.RanAsPlanned && (run.Job.ResultKey is not { } key || key == ResultKey.OfEngine(plan)),
            MadeBy = LocalName,
            Notes = NotesOf(plan),
        };

        static string NameOf(GenerationStage stage) => stage.ToString().ToLowerInvariant();
        static double Seconds(TimeSpan time) => Math.Round(time.TotalSeconds, 4);
    }

    private async Task<GenerationStatistics> MakeAsync(
        GenerationPlan plan,
        IFrameWriter writer,
        GenerationRunOptions options,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await generator.GenerateAsync(plan, writer, options, cancellationToken).ConfigureAwait(false);
        }
        catch (ModelChangedException exception)
        {
            throw new BackendUnavailableException(exception.Message, exception); // every job's trouble: none is marked as failed
        }
    }

    /// <summary>An image, a LoRA or another file that changed since the job was planned makes another clip than was asked for.</summary>
    private static void RequirePlanned(Job job, GenerationPlan plan)
    {
        if (SettingsDifference.FindOfFiles(job.Settings, plan.Settings.ToJson()) is { } changed)
        {
            throw new InvalidRequestException(
                changed,
                $"A file of the job's {changed} changed since it was planned: start the batch again, in another folder or with --overwrite."
            )
            {
                IsOfFile = true,
            };
        }
    }

    private static IReadOnlyList<string> NotesOf(GenerationPlan plan) =>
        [.. plan.Warnings, .. plan.CutPrompts.Select(cut => cut.ToString()), .. plan.Loras.Notes];

    private async ValueTask<GenerationPlan> PlanAsync(JobRequest request, CancellationToken cancellationToken)
    {
        var images = new List<ConditioningImage>(request.Images.Count);
        foreach (var (frame, file) in request.Images)
        {
            images.Add(new ConditioningImage(await ReadImageAsync(file, cancellationToken).ConfigureAwait(false), frame));
        }

        return generator.Plan(new GenerationRequest(request) { Prompt = request.Prompt, Images = images });
    }

    /// <summary>
    /// An image. What is wrong with its content is wrong with the request, and no attempt more makes it right; a disk's fault may pass.
    /// </summary>
    private async ValueTask<RgbImage> ReadImageAsync(string file, CancellationToken cancellationToken)
    {
        try
        {
            return await _images.ReadAsync(file, cancellationToken).ConfigureAwait(false);
        }
        catch (MediaException e) when (e.InnerException is not (IOException or UnauthorizedAccessException))
        {
            throw new InvalidRequestException("image", e.Message) { IsOfFile = true };
        }
    }
}
