using WanSharp.Engine.Denoising;
using WanSharp.Engine.Planning;
using WanSharp.Graphs.Networks;
using WanSharp.Media.Images;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Features;

/// <summary>
/// A plan's images in the form that its model takes: clean latent frames, or channels in addition to the latents and CLIP features.
/// </summary>
/// <param name="vae">The model's VAE.</param>
/// <param name="vision">The model's image encoder, if it has one.</param>
internal sealed class ImageEncoder(VaeRunner vae, VisionEncoderRunner? vision)
{
    /// <summary>Encodes the images of a plan; the caller disposes the result.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="model">The plan's transformer.</param>
    /// <param name="cancellationToken">Stops between two operations.</param>
    public ImageConditions Encode(GenerationPlan plan, TransformerConfig model, CancellationToken cancellationToken) =>
        model.ModelType switch
        {
            ModelType.TextImageToVideo => EncodeFrames(plan, cancellationToken),
            ModelType.ImageToVideo or ModelType.FirstLastFrameToVideo => EncodeEnds(
                plan,
                model,
                plan.GivenFrames[0],
                plan.GivenFrames.Count > 1 ? plan.GivenFrames[plan.LatentFrames - 1] : null,
                cancellationToken
            ),
            _ => ImageConditions.None,
        };

    /// <summary>Encodes what a clip follows, in the order of the network's channels; the caller disposes the result.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="frames">The control, in the clip's size.</param>
    /// <param name="cancellationToken">Stops between two operations.</param>
    /// <param name="model">The plan's transformer.</param>
    public ImageConditions EncodeControl(
        GenerationPlan plan,
        TransformerConfig model,
        ControlFrames frames,
        CancellationToken cancellationToken
    ) =>
        model.ModelType == ModelType.Fun
            ? EncodeFun(plan, model, frames, cancellationToken)
            : new() { Channels = new ControlEncoder(vae, plan.VaeTiles).Encode(frames, cancellationToken) };

    /// <summary>
    /// What VideoX-Fun's models take. CLIP sees the reference, or else the first frame: of InP as it is in the clip, of others as it came
    /// (aigc-apps/VideoX-Fun:examples/wan2.1_fun, <c>clip_image</c>).
    /// </summary>
    private ImageConditions EncodeFun(
        GenerationPlan plan,
        TransformerConfig model,
        ControlFrames frames,
        CancellationToken cancellationToken
    )
    {
        var given = plan.GivenFrames;
        using var first = given.TryGetValue(0, out var image) ? Prepare(plan, model.PatchSize, image) : null;
        using var last = given.Count > 1 ? Prepare(plan, model.PatchSize, given[plan.LatentFrames - 1]) : null;
        var conditions = new FunEncoder(vae, model, plan.VaeTiles).Encode(
            new FunFrames(frames, plan.ReferenceFrames) { First = first?.Frame, Last = last?.Frame },
            cancellationToken
        );
        if (vision is null)
        {
            return conditions;
        }

        try
        {
            using var seen =
                frames.Shown is { } reference ? PrepareForVision(reference)
                : first is null ? null
                : model is { JoinsControl: false, CameraStride: null } ? ImageFeatures.Prepare(first.Frame, vision.Configuration.ImageSize)
                : PrepareForVision(image!);
            return new ImageConditions
            {
                Channels = conditions.Channels,
                Frames = conditions.Frames,
                ImageFeatures = seen is null
                    ? ImageFeatures.OfNothing(vision.Configuration)
                    : ImageFeatures.Encode(vision, [seen], cancellationToken),
            };
        }
        catch
        {
            conditions.Dispose();
            throw;
        }
    }

    private Tensor PrepareForVision(RgbImage image)
    {
        using var pixels = ImageTensors.ToTensor(image);
        return ImageFeatures.Prepare(pixels, vision!.Configuration.ImageSize);
    }

    private ImageConditions EncodeFrames(GenerationPlan plan, CancellationToken cancellationToken)
    {
        var frames = new Dictionary<int, Tensor>();
        var conditions = new ImageConditions { Frames = new CleanFrames(frames) };
        try
        {
            foreach (var (frame, image) in plan.GivenFrames)
            {
                frames.Add(
                    frame,
                    new FrameEncoder(vae, plan.VaeTiles).Encode(image, plan.Settings.Width, plan.Settings.Height, frame, cancellationToken)
                );
            }

            return conditions;
        }
        catch
        {
            conditions.Dispose();
            throw;
        }
    }

    /// <summary>
    /// The first frame, or the first and the last one; both networks see the same pixels, but CLIP sees the last one only for models that
    /// were made for two (Comfy-Org/ComfyUI:comfy_extras/nodes_wan.py, WanFunInpaintToVideo).
    /// </summary>
    private ImageConditions EncodeEnds(
        GenerationPlan plan,
        TransformerConfig model,
        RgbImage first,
        RgbImage? last,
        CancellationToken cancellationToken
    )
    {
        if (last is not null && (last.Width, last.Height) != (first.Width, first.Height))
        {
            // As the official code says; what it does is to cut at the size that it meant to scale to, sides swapped.
            last = ImageTensors.Cover(last, first.Width, first.Height);
        }

        using var start = Prepare(plan, model.PatchSize, first);
        using var end = last is null ? null : Prepare(plan, model.PatchSize, last);
        var seesLast = end is not null && model.ModelType == ModelType.FirstLastFrameToVideo;
        Tensor? channels = null;
        try
        {
            channels = new ImageChannels(vae, plan.VaeTiles).Encode(start.Frame, end?.Frame, plan.LatentFrames, cancellationToken);
            return new ImageConditions
            {
                Channels = channels,
                ImageFeatures = vision is null
                    ? null
                    : ImageFeatures.Encode(vision, seesLast ? [start.Square!, end!.Square!] : [start.Square!], cancellationToken),
            };
        }
        catch
        {
            channels?.Dispose();
            throw;
        }
    }

    /// <summary>
    /// What the networks see of an image. Its own pixels, of which a photograph has many, are gone before a network runs.
    /// </summary>
    private Prepared Prepare(GenerationPlan plan, PatchSize patch, RgbImage image)
    {
        var (width, height, stride) = (plan.Settings.Width, plan.Settings.Height, vae.Config.SpatialStride);
        // [3, image height, image width]
        using var pixels = ImageTensors.ToTensor(ImageSizes.CropToShape(image, width, height, stride * patch.Width, stride * patch.Height));
        return new Prepared(
            ImageTensors.ResizeBicubic(pixels, width, height),
            vision is null ? null : ImageFeatures.Prepare(pixels, vision.Configuration.ImageSize)
        );
    }

    /// <param name="Frame">For the VAE: [3, height, width] of the clip.</param>
    /// <param name="Square">For CLIP: [3, size, size].</param>
    private sealed record Prepared(Tensor Frame, Tensor? Square) : IDisposable
    {
        public void Dispose()
        {
            Frame.Dispose();
            Square?.Dispose();
        }
    }
}
