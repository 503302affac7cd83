using WanSharp.Engine;
using WanSharp.Engine.Requests;

namespace WanSharp.Tools.Quality;

/// <summary>
/// Measures what presets, or other settings, save and lose: against the clip of the same prompt and seed that the model's own settings
/// make.
/// </summary>
/// <param name="generator">Makes the clips; stays the caller's.</param>
public sealed class PresetLoss(IVideoGenerator generator)
{
    private static readonly string[] Prompts =
    [
        "a red circle moving left on a black background",
        "a green square moving up on a gray background",
        "a yellow triangle moving down on a navy background",
        "a blue star growing on a beige background",
        "a purple circle moving right on a beige background",
        "a cyan square moving down on a gray background",
        "一个红色圆形向左移动，黑色背景",
        "an orange triangle moving left on a black background",
    ];

    /// <summary>Makes the clips, one after another.</summary>
    /// <param name="ways">What each is called, and its settings; what they leave open is the model's.</param>
    /// <param name="prompts">How many prompts, each with its own seed; they repeat after the eighth.</param>
    /// <param name="cancellationToken">Stops within a step.</param>
    public async IAsyncEnumerable<PresetClip> MeasureAsync(
        IReadOnlyList<(string Name, ClipSettings Settings)> ways,
        int prompts,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(ways);
        for (var i = 0; i < prompts; i++)
        {
            var (prompt, seed) = (Prompts[i % Prompts.Length], (ulong)i);
            var (full, whole) = await MakeAsync(new ClipSettings(), prompt, seed, cancellationToken).ConfigureAwait(false);
            foreach (var (name, settings) in ways)
            {
                var (clip, time) = await MakeAsync(settings, prompt, seed, cancellationToken).ConfigureAwait(false);
                yield return new PresetClip(
                    name,
                    prompt,
                    seed,
                    Compare(settings, prompt, clip, full),
                    Motion.Of(clip),
                    Motion.Of(full),
                    time / whole
                );
            }
        }
    }

    private FrameQuality Compare(ClipSettings settings, string prompt, IReadOnlyList<byte[]> clip, IReadOnlyList<byte[]> full)
    {
        var comparer = FrameComparer.For(generator.Plan(new GenerationRequest(settings) { Prompt = prompt }).Format);
        return FrameQuality.Mean([.. clip.Zip(full, (one, other) => comparer.Compare(one, other))]);
    }

    private async Task<(IReadOnlyList<byte[]> Frames, TimeSpan Denoising)> MakeAsync(
        ClipSettings settings,
        string prompt,
        ulong seed,
        CancellationToken cancellationToken
    )
    {
        var frames = new ClipRecorder();
        await using var end = frames.ConfigureAwait(false);
        var plan = generator.Plan(new GenerationRequest(settings) { Prompt = prompt, Seed = seed });
        var statistics = await generator.GenerateAsync(plan, frames, new GenerationRunOptions(), cancellationToken).ConfigureAwait(false);
        return (frames.Frames, statistics.Stages[GenerationStage.Denoise].Share);
    }
}
