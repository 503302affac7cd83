using WanSharp.Engine;
using WanSharp.Engine.Requests;
using WanSharp.Engine.Reuse;
using WanSharp.Storage;

namespace WanSharp.Tools.Quality;

/// <summary>
/// Measures what clips lose that begin with the steps of another prompt's clip: compared with the clips that their own noise would make.
/// </summary>
/// <param name="generator">Makes the clips; stays the caller's.</param>
/// <param name="store">A separate store for the steps.</param>
public sealed class ReuseLoss(IVideoGenerator generator, ContentStore store)
{
    private static readonly double[] Shares = [0.2, 0.4, 0.6];

    /// <summary>Prompts of the Shapes model's words: one, and another that says the same, or differs by a word or two.</summary>
    private static readonly (string Earlier, string Prompt)[] Pairs =
    [
        ("a red circle moving left on a black background", "on a black background, a red circle moves left"),
        ("a blue star growing on a beige background", "a blue star gets bigger on a beige background"),
        ("a green square moving up on a gray background", "a green square rising on a grey background"),
        ("a yellow triangle moving down on a navy background", "a yellow triangle falling on a dark blue background"),
        ("a white star standing still on a black background", "a white star that does not move on a black background"),
        ("a purple circle moving right on a beige background", "a violet disc moves to the right on a beige background"),
        ("一个红色圆形向左移动，黑色背景", "黑色背景，一个红色圆形往左移动"),
        ("a cyan square moving down on a gray background", "a turquoise square that moves down on a grey background"),
        ("a red circle moving left on a black background", "a red circle moving left"),
        ("a green square moving up on a gray background", "a square moving up on a gray background"),
        ("a red circle moving left on a black background", "a red square moving left on a black background"),
        ("a green square moving up on a gray background", "a green star moving up on a gray background"),
        ("a red circle moving left on a black background", "a red circle moving left on a navy background"),
        ("a blue star growing on a beige background", "a blue star growing on a gray background"),
        ("a red circle moving left on a black background", "an orange circle moving left on a black background"),
        ("a cyan triangle moving down on a navy background", "a white triangle moving down on a navy background"),
        ("a red circle moving left on a black background", "a red circle moving right on a black background"),
        ("a green square moving up on a gray background", "a green square moving down on a gray background"),
        ("a blue star growing on a beige background", "a cyan star growing on a navy background"),
        ("a red circle moving left on a black background", "a yellow square moving up on a beige background"),
    ];

    /// <summary>Makes clips with and without, one after another.</summary>
    /// <param name="seeds">How many seeds for each pair of prompts.</param>
    /// <param name="cancellationToken">Stops within a step.</param>
    public async IAsyncEnumerable<ReusedClip> MeasureAsync(
        int seeds,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        var keep = new StepStore(store, [.. Shares.Select(share => new ReuseRow(-1, share))]);
        var seed = 0ul; // each pair has its own, so that there is one clip to begin with
        foreach (var (earlier, prompt) in Enumerable.Repeat(Pairs, seeds).SelectMany(pairs => pairs))
        {
            var request = new GenerationRequest { Prompt = prompt, Seed = seed++ };
            var (donor, _) = await MakeAsync(
                    request with
                    {
                        Prompt = earlier,
                    },
                    new GenerationRunOptions { Steps = keep },
                    cancellationToken
                )
                .ConfigureAwait(false);
            var (exact, whole) = await MakeAsync(request, new GenerationRunOptions(), cancellationToken).ConfigureAwait(false);
            foreach (var share in Shares)
            {
                var table = new StepStore(store, [new ReuseRow(-1, share)]);
                var start =
                    await generator.FindSimilarAsync(generator.Plan(request), table, cancellationToken).ConfigureAwait(false)
                    ?? throw new IOException("The steps were not kept: is there room in the folder for temporary files?");
                var (near, time) = await MakeAsync(request, new GenerationRunOptions { Start = start }, cancellationToken)
                    .ConfigureAwait(false);
                yield return new ReusedClip(
                    prompt,
                    start.Reused,
                    Compare(request, near, exact),
                    Compare(request, donor, exact),
                    time / whole
                );
            }
        }
    }

    private FrameQuality Compare(GenerationRequest request, IReadOnlyList<byte[]> clip, IReadOnlyList<byte[]> exact)
    {
        var comparer = FrameComparer.For(generator.Plan(request).Format);
        return FrameQuality.Mean([.. clip.Zip(exact, (one, other) => comparer.Compare(one, other))]);
    }

    private async Task<(IReadOnlyList<byte[]> Frames, TimeSpan Denoising)> MakeAsync(
        GenerationRequest request,
        GenerationRunOptions options,
        CancellationToken cancellationToken
    )
    {
        var frames = new ClipRecorder();
        await using var framesEnd = frames.ConfigureAwait(false);
        var statistics = await generator.GenerateAsync(generator.Plan(request), frames, options, cancellationToken).ConfigureAwait(false);
        return (frames.Frames, statistics.Stages[GenerationStage.Denoise].Share);
    }
}
