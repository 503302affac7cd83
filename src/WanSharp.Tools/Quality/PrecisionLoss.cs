using WanSharp.Engine;
using WanSharp.Engine.Requests;
using WanSharp.Media.Clips;
using WanSharp.Models;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;

namespace WanSharp.Tools.Quality;

/// <summary>Measures what a precision costs: the same clips with it and in F32, decoded and compared.</summary>
/// <param name="model">The model.</param>
/// <param name="runtime">What executes.</param>
/// <param name="settings">How graphs are compiled.</param>
/// <param name="transformer">How the transformer is compiled.</param>
/// <param name="precision">The precision.</param>
public sealed class PrecisionLoss(
    WanModel model,
    OrtRuntime runtime,
    SessionSettings settings,
    TransformerOptions transformer,
    Precision precision
)
{
    private static readonly string[] Colors = ["a red", "a green", "a blue", "a yellow", "a purple", "an orange", "a white", "a cyan"];
    private static readonly string[] Shapes = ["circle", "square", "triangle", "star"];
    private static readonly string[] Motions = ["moving left", "moving right", "moving up", "moving down", "standing still", "growing"];
    private static readonly string[] Backgrounds = ["black", "gray", "navy", "beige"];

    /// <summary>The prompt of a clip: the Shapes model's words in ever other combinations; the clip's number is its seed.</summary>
    public static string PromptOf(int clip) =>
        $"{Colors[clip % 8]} {Shapes[clip * 3 / 2 % 4]} {Motions[clip % 6]} on a {Backgrounds[(clip + (clip / 8)) % 4]} background";

    /// <summary>Makes clips with both and compares them, one after another.</summary>
    /// <param name="count">How many clips.</param>
    /// <param name="cancellationToken">Stops within a step.</param>
    public async IAsyncEnumerable<ClipLoss> MeasureAsync(
        int count,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        using var full = Open(Precision.Full);
        using var narrow = Open(precision);
        for (var clip = 0; clip < count; clip++)
        {
            var request = new GenerationRequest { Prompt = PromptOf(clip), Seed = (ulong)clip };
            var (expected, format) = await MakeAsync(full, request, cancellationToken).ConfigureAwait(false);
            var (actual, _) = await MakeAsync(narrow, request, cancellationToken).ConfigureAwait(false);
            var comparer = FrameComparer.For(format);
            yield return new ClipLoss(
                request.Prompt,
                request.Seed ?? 0,
                FrameQuality.Mean([.. actual.Zip(expected, (one, other) => comparer.Compare(one, other))])
            );
        }
    }

    private VideoGenerator Open(Precision one) =>
        new(model, runtime, settings with { Compute = one.Compute }, transformer with { Quantization = one.Quantization });

    private static async Task<(IReadOnlyList<byte[]> Frames, ClipFormat Format)> MakeAsync(
        VideoGenerator generator,
        GenerationRequest request,
        CancellationToken cancellationToken
    )
    {
        var plan = generator.Plan(request);
        var frames = new ClipRecorder();
        await using var framesEnd = frames.ConfigureAwait(false);
        await generator.GenerateAsync(plan, frames, cancellationToken: cancellationToken).ConfigureAwait(false);
        return (frames.Frames, plan.Format);
    }
}
