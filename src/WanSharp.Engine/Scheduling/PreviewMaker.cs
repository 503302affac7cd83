using WanSharp.Engine.Decoding;
using WanSharp.Engine.Denoising;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Previews;
using WanSharp.Graphs.Networks;
using WanSharp.Models;
using WanSharp.Tensors;

namespace WanSharp.Engine.Scheduling;

/// <summary>Makes pictures of clips under way: by the clip's decoder if that is a tiny one, else by the colours of latents.</summary>
/// <param name="model">Knows the colours of its latents, or not.</param>
/// <param name="decoder">Decodes by tiny decoders.</param>
internal sealed class PreviewMaker(WanModel model, ClipDecoder decoder)
{
    /// <summary>What shows the clip while it is denoised; null if nothing shows them.</summary>
    public PreviewShow? Begin(ClipRun clip, DenoiseState state)
    {
        if (clip.Options.Preview is not { } show)
        {
            return null;
        }

        PreviewShow preview;
        if (clip.Plan.Decoder is { Config.Kind: VaeKind.Tiny })
        {
            preview = new PreviewShow(clip, show, PicturesAsync, clip.Plan.Settings.ModelFps);
        }
        else
        {
            var colors = model.LatentColors!; // required when the clip began
            var fps = clip.Plan.Settings.ModelFps / (double)model.Vae.TemporalStride;
            preview = new PreviewShow(clip, show, latents => Task.FromResult(Map(colors, latents)), fps);
        }

        state.Estimate = new CleanEstimate(() => preview.IsWanted);
        return preview;

        async Task<PreviewPictures> PicturesAsync(Tensor latents)
        {
            using var own = ReferenceLatents.Without(latents, clip.Plan.ReferenceFrames);
            return await decoder.PicturesAsync(clip, own).ConfigureAwait(false);
        }

        PreviewPictures Map(LatentColors colors, Tensor latents)
        {
            var started = clip.Clock.Time.GetTimestamp();
            using var own = ReferenceLatents.Without(latents, clip.Plan.ReferenceFrames);
            var pictures = LatentPictures.Of(colors, own);
            return pictures with { Making = clip.Clock.Time.GetElapsedTime(started) };
        }
    }

    /// <exception cref="InvalidRequestException">A preview is asked for, and nothing can make one.</exception>
    public void Require(GenerationPlan plan, GenerationRunOptions options)
    {
        if (options.Preview is not null && model.LatentColors is null && plan.Decoder is not { Config.Kind: VaeKind.Tiny })
        {
            throw new InvalidRequestException(
                "preview",
                $"What colours the latents of {model.Name} have is not known: name a tiny decoder, or leave the preview out."
            );
        }
    }
}
