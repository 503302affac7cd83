using System.Runtime.CompilerServices;
using WanSharp.Engine;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Engine.StepCaches;
using WanSharp.Models;

namespace WanSharp.Tools.Quality;

/// <summary>Measures what step caches save and lose: against the clip of the same prompt and seed whose steps are all computed.</summary>
/// <param name="generator">Makes the clips; stays the caller's.</param>
/// <param name="settings">What the clips have in common; what it leaves open is the model's.</param>
/// <param name="images">The images that each clip begins with. Default: none.</param>
public sealed class StepCacheLoss(IVideoGenerator generator, ClipSettings settings, IReadOnlyList<ConditioningImage>? images = null)
{
    /// <summary>The name of a recording next to a model, where it is found.</summary>
    public const string RecordingName = KnownStepCache.FileName;

    /// <summary>Makes the clips, one after another.</summary>
    /// <param name="ways">The step caches.</param>
    /// <param name="prompts">The prompts.</param>
    /// <param name="clips">How many clips of each; prompts repeat, seeds do not.</param>
    /// <param name="cancellationToken">Stops within a step.</param>
    public async IAsyncEnumerable<StepCacheClip> MeasureAsync(
        IReadOnlyList<StepCacheSetting> ways,
        IReadOnlyList<string> prompts,
        int clips,
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(ways);
        ArgumentNullException.ThrowIfNull(prompts);
        for (var i = 0; i < clips; i++)
        {
            var (prompt, seed) = (prompts[i % prompts.Count], (ulong)i);
            var full = await MakeAsync(StepCacheSetting.Off, prompt, seed, cancellationToken).ConfigureAwait(false);
            foreach (var way in ways)
            {
                var clip = await MakeAsync(way, prompt, seed, cancellationToken).ConfigureAwait(false);
                var comparer = FrameComparer.For(clip.Plan.Format);
                yield return new StepCacheClip(
                    way.ToString(),
                    prompt,
                    seed,
                    clip.Statistics.Steps,
                    clip.Statistics.Steps - clip.Statistics.SkippedSteps,
                    FrameQuality.Mean([.. clip.Frames.Zip(full.Frames, (one, other) => comparer.Compare(one, other))]),
                    clip.Statistics.Stages[GenerationStage.Denoise].Share,
                    full.Statistics.Stages[GenerationStage.Denoise].Share,
                    clip.Statistics.Total,
                    full.Statistics.Total
                );
            }
        }
    }

    /// <summary>
    /// Records the magnitudes that MagCache goes by, in the mean of some clips, as the content of the file that is put next to the model.
    /// What else is known of the network stays: its threshold, what auto takes, other caches' data, and the ratios of clips with given
    /// images or without, whichever these are not.
    /// </summary>
    /// <param name="model">The model that the generator has.</param>
    /// <param name="prompts">The clips' prompts.</param>
    /// <param name="cancellationToken">Stops within a step.</param>
    public async Task<string> RecordAsync(WanModel model, IReadOnlyList<string> prompts, CancellationToken cancellationToken)
    {
        const double Threshold = 0.12; // of the smallest published network
        const int Skips = 4;
        const double Retention = 0.2;
        const int Digits = 5;
        ArgumentNullException.ThrowIfNull(prompts);
        var first = Plan(StepCacheSetting.Off, prompts[0], 0);
        var known = StepCachePlanner.KnownOf(model, first.Settings.Width, first.Settings.Height); // before hours of clips
        double[]? sums = null;
        for (var i = 0; i < prompts.Count; i++)
        {
            MagnitudeRecorder? recorder = null;
            var plan = Plan(StepCacheSetting.Off, prompts[i], (ulong)i);
            var options = new GenerationRunOptions
            {
                StepCache = clip => recorder = new MagnitudeRecorder(StepCourse.Of(clip.Settings.Steps), (int)clip.Latents[1]),
            };
            var frames = new ClipRecorder();
            await using var end = frames.ConfigureAwait(false);
            await generator.GenerateAsync(plan, frames, options, cancellationToken).ConfigureAwait(false);
            sums ??= new double[recorder!.Ratios.Count];
            for (var step = 0; step < sums.Length; step++)
            {
                sums[step] += recorder!.Ratios[step];
            }
        }

        double[] ratios = [.. sums!.Select(sum => Math.Round(sum / prompts.Count, Digits))];
        var recorded = (known ?? new KnownStepCache()) with
        {
            Mag =
                known?.Mag is not { } mag ? new KnownStepCache.MagData(Threshold, Skips, Retention, ratios)
                : first.GivenFrames.Count > 0 ? mag with { ImageRatios = ratios }
                : mag with { Ratios = ratios },
        };
        return recorded.ToJson();
    }

    private GenerationPlan Plan(StepCacheSetting way, string prompt, ulong seed) =>
        generator.Plan(
            new GenerationRequest(settings with { StepCache = way })
            {
                Prompt = prompt,
                Seed = seed,
                Images = images ?? [],
            }
        );

    private async Task<(GenerationPlan Plan, IReadOnlyList<byte[]> Frames, GenerationStatistics Statistics)> MakeAsync(
        StepCacheSetting way,
        string prompt,
        ulong seed,
        CancellationToken cancellationToken
    )
    {
        var frames = new ClipRecorder();
        await using var end = frames.ConfigureAwait(false);
        var plan = Plan(way, prompt, seed);
        var statistics = await generator.GenerateAsync(plan, frames, new GenerationRunOptions(), cancellationToken).ConfigureAwait(false);
        return (plan, frames.Frames, statistics);
    }
}
