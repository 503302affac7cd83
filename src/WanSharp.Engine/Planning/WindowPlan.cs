using WanSharp.Engine.Denoising;
using WanSharp.Engine.Requests;
using WanSharp.Graphs.Networks;
using WanSharp.Models;
using WanSharp.Tensors;

namespace WanSharp.Engine.Planning;

/// <summary>The windows that the transformer sees a clip in, where it is longer than one (<c>--context-frames</c>).</summary>
/// <param name="Frames">Frames of video in a window; null where the clip is in one piece.</param>
/// <param name="Overlap">Those that a window has in common with the one before it, at least; null likewise.</param>
internal sealed record WindowPlan(int? Frames, int? Overlap)
{
    private const int UsualShare = 5; // of a window's frames, that overlap: 16 of 81

    /// <summary>What a request asks for.</summary>
    /// <param name="request">The request.</param>
    /// <param name="model">The model.</param>
    /// <param name="frames">Frames of the clip.</param>
    /// <exception cref="InvalidRequestException">The model's latents have no such window.</exception>
    public static WindowPlan Of(ClipSettings request, WanModel model, int frames)
    {
        if (request.ContextFrames is not { } length)
        {
            return request.ContextOverlap is null
                ? new WindowPlan(null, null)
                : throw new InvalidRequestException(
                    "context-overlap",
                    "--context-overlap says something of --context-frames, which was not given: give that, too."
                );
        }

        var stride = model.Vae.TemporalStride;
        if (length <= stride || (length - 1) % stride != 0)
        {
            throw new InvalidRequestException(
                "context-frames",
                $"Windows of {length} frames do not fit: {model.Name} needs {stride}n+1 of them, at least {stride + 1}. The nearest is "
                    + $"{stride * Math.Max(1, (int)Math.Round((length - 1.0) / stride, MidpointRounding.AwayFromZero)) + 1}."
            );
        }

        var most = length - 1;
        var overlap = request.ContextOverlap ?? Math.Max(1, most / stride / UsualShare) * stride;
        if (overlap < stride || overlap > most || overlap % stride != 0)
        {
            var nearest = Math.Clamp((int)Math.Round(overlap / (double)stride, MidpointRounding.AwayFromZero) * stride, stride, most);
            throw new InvalidRequestException(
                "context-overlap",
                $"Windows of {length} frames cannot overlap by {overlap}: {model.Name} makes {stride} frames at a time, so {stride} to "
                    + $"{most} of them overlap, in steps of {stride}. The nearest is {nearest}."
            );
        }

        return frames <= length ? new WindowPlan(null, null) : new WindowPlan(length, overlap);
    }

    /// <summary>What windows after the first do not see of given images: its model learned from clips that begin with one.</summary>
    /// <param name="plan">The clip.</param>
    /// <param name="model">The model.</param>
    public static IEnumerable<string> NotesOf(GenerationPlan plan, WanModel model)
    {
        if (plan.Windows is not null && model.Transformer.ModelType is ModelType.ImageToVideo or ModelType.FirstLastFrameToVideo)
        {
            yield return $"Only the window that has a given image's frame sees it, and {model.Name} learned from clips that all begin with "
                + "one: later windows may show the picture again or turn back to it. A film (--seconds) continues from the last frame.";
        }
    }

    /// <summary>The windows of a clip; null for one in one piece.</summary>
    /// <param name="settings">The clip's settings.</param>
    /// <param name="model">The model.</param>
    /// <param name="references">Latent frames of reference pictures.</param>
    public static MovingWindows? WindowsOf(GenerationSettings settings, WanModel model, int references)
    {
        var stride = model.Vae.TemporalStride;
        return settings is { ContextFrames: { } length, ContextOverlap: { } overlap }
            ? new MovingWindows(Latent(settings.Frames), Latent(length), overlap / stride, references)
            : null;

        int Latent(int frames) => ((frames - 1) / stride) + 1;
    }
}
