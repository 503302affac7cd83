using System.Diagnostics;
using WanSharp.Engine;
using WanSharp.Engine.Requests;
using WanSharp.Engine.StepCaches;

namespace WanSharp.Tools.Quality;

/// <summary>Measures a batch of clips of different numbers of steps, with a step cache and without.</summary>
/// <param name="generator">Makes the clips, in batches; stays the caller's.</param>
/// <param name="settings">What the clips have in common.</param>
/// <param name="prompts">Their prompts, in turn.</param>
/// <param name="images">The images that each clip begins with.</param>
public sealed class StepCacheBatch(
    IVideoGenerator generator,
    ClipSettings settings,
    IReadOnlyList<string> prompts,
    IReadOnlyList<ConditioningImage> images
)
{
    private static readonly double[] Shares = [1, 0.8, 1.2, 0.9, 1.1, 0.7, 1.3, 1]; // of the clip's steps, one after another

    /// <summary>Makes the batch in both ways by turns.</summary>
    /// <param name="way">The step cache.</param>
    /// <param name="clips">How many clips step together.</param>
    /// <param name="rounds">How often; a round before them is not counted.</param>
    /// <param name="cancellationToken">Stops within a step.</param>
    /// <returns>For each round the seconds with the step cache and without, of denoising and of all.</returns>
    public async Task<IReadOnlyList<StepCacheRound>> MeasureAsync(
        StepCacheSetting way,
        int clips,
        int rounds,
        CancellationToken cancellationToken
    )
    {
        var results = new List<StepCacheRound>();
        for (var round = 0; round <= rounds; round++)
        {
            var cached = await RunAsync(way, clips, cancellationToken).ConfigureAwait(false);
            var full = await RunAsync(StepCacheSetting.Off, clips, cancellationToken).ConfigureAwait(false);
            if (round > 0)
            {
                results.Add(
                    new StepCacheRound(
                        cached.Steps,
                        cached.Steps - cached.Skipped,
                        cached.Denoise,
                        full.Denoise,
                        cached.Total,
                        full.Total,
                        cached.MeanBatch,
                        full.MeanBatch
                    )
                );
            }
        }

        return results;
    }

    private async Task<(int Steps, int Skipped, double Denoise, double Total, double MeanBatch)> RunAsync(
        StepCacheSetting way,
        int clips,
        CancellationToken cancellationToken
    )
    {
        var usual = generator.Plan(new GenerationRequest(settings) { Prompt = prompts[0], Images = images }).Settings.Steps;
        var before = generator.Statistics.Busy.GetValueOrDefault(GenerationStage.Denoise);
        var started = Stopwatch.GetTimestamp();
        var made = await Task.WhenAll(Enumerable.Range(0, clips).Select(MakeAsync)).ConfigureAwait(false);
        var total = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var denoise = generator.Statistics.Busy[GenerationStage.Denoise] - before;
        return (
            made.Sum(clip => clip.Steps),
            made.Sum(clip => clip.SkippedSteps),
            denoise.TotalSeconds,
            total,
            made.Average(clip => clip.MeanBatchSize)
        );

        async Task<GenerationStatistics> MakeAsync(int i)
        {
            var frames = new ClipRecorder();
            await using var end = frames.ConfigureAwait(false);
            var request = new GenerationRequest(settings with { StepCache = way })
            {
                Prompt = prompts[i % prompts.Count],
                Images = images,
                Seed = (ulong)i,
                Steps = Math.Max(1, (int)Math.Round(usual * Shares[i % Shares.Length])),
            };
            return await generator
                .GenerateAsync(generator.Plan(request), frames, new GenerationRunOptions(), cancellationToken)
                .ConfigureAwait(false);
        }
    }
}
