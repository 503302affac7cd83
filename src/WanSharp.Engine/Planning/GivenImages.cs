using WanSharp.Engine.Requests;
using WanSharp.Graphs.Networks;
using WanSharp.Media.Images;
using WanSharp.Models;
using WanSharp.Tensors;

namespace WanSharp.Engine.Planning;

/// <summary>Which frames of a clip images can give, and the size that they ask for; each kind of model has its own rules.</summary>
internal static class GivenImages
{
    /// <summary>The latent frames that are encoded for the sake of one.</summary>
    /// <param name="latentFrame">
    /// Where the image goes. Latent frame 0 is one frame of video and is encoded alone, as in Wan 2.2's TI2V. A later one is
    /// several frames with a past, so the image is encoded as a still: its latents after a step of the same picture.
    /// </param>
    public static int StepsFor(int latentFrame) => latentFrame == 0 ? 1 : 2;

    /// <summary>Checks that the images are images, whatever is done with them.</summary>
    /// <exception cref="InvalidRequestException">One is not.</exception>
    public static void Check(IReadOnlyList<ConditioningImage> images)
    {
        foreach (var (image, _) in images)
        {
            if (image.Width < 1 || image.Height < 1 || image.Pixels.Length != 3L * image.Width * image.Height)
            {
                throw new InvalidRequestException(
                    "image",
                    $"{image.Pixels.Length} bytes are not an image of {image.Width}x{image.Height} pixels of 3 bytes."
                );
            }
        }
    }

    /// <summary>
    /// The size of a clip that was asked for with images and without a size: the first image's shape at the area of the model's
    /// default.
    /// </summary>
    /// <exception cref="InvalidRequestException">The image is too narrow for a clip of that area.</exception>
    public static (int Width, int Height) SizeFor(IReadOnlyList<ConditioningImage> images, WanModel model)
    {
        var image = (images.FirstOrDefault(given => given.LatentFrame == 0) ?? images[0]).Image;
        var area = model.Defaults.Width * model.Defaults.Height;
        var (width, height) = model.Transformer.TakesCleanFrames
            ? ImageSizes.BestOutputSize(image.Width, image.Height, model.PixelStrideX, model.PixelStrideY, area)
            : Pixels(
                ImageSizes.ImageToVideoLatentSize(
                    image.Height,
                    image.Width,
                    area,
                    model.Vae.SpatialStride,
                    model.Transformer.PatchSize.Width
                )
            );
        return width is > 0 and <= ModelLimits.MaximumSide && height is > 0 and <= ModelLimits.MaximumSide
            ? (width, height)
            : throw new InvalidRequestException(
                "image",
                $"An image of {image.Width}x{image.Height} is too narrow for a clip of {area} pixels: cut it to "
                    + "nearly the video's shape, or ask for a size."
            );

        (int, int) Pixels((int Height, int Width) latents) =>
            (latents.Width * model.Vae.SpatialStride, latents.Height * model.Vae.SpatialStride);
    }

    /// <summary>The images by the latent frame that each gives.</summary>
    /// <param name="images">The images.</param>
    /// <param name="model">The model.</param>
    /// <param name="latentFrames">The clip's latent frames.</param>
    /// <param name="width">The clip's pixels across.</param>
    /// <param name="height">The clip's pixels down.</param>
    /// <param name="require">Whether those that the model cannot do without must be there.</param>
    /// <exception cref="InvalidRequestException">The model takes none, or others.</exception>
    public static Dictionary<int, RgbImage> Resolve(
        IReadOnlyList<ConditioningImage> images,
        WanModel model,
        int latentFrames,
        int width,
        int height,
        bool require
    )
    {
        if (images.Count > 0 && !model.TakesImages)
        {
            throw new InvalidRequestException("image", $"{model.Name} makes videos from text alone and takes no image.");
        }

        var given = new Dictionary<int, RgbImage>();
        foreach (var (image, asked) in images)
        {
            var frame = asked < 0 ? latentFrames + asked : asked;
            if (frame < 0 || frame >= latentFrames)
            {
                throw new InvalidRequestException(
                    "image",
                    $"Latent frame {asked} is not in a clip of {latentFrames} latent frames: give 0 to "
                        + $"{latentFrames - 1}, or -1 for the last."
                );
            }

            RequireCoverable(image, width, height, "a video");
            if (!given.TryAdd(frame, image))
            {
                throw new InvalidRequestException("image", $"Two images were given for latent frame {frame}: give one.");
            }
        }

        if (require || given.Count > 0)
        {
            RequireWanted(given, model, latentFrames);
        }

        if (given.Count > 1 && model.Transformer.ModelType is (ModelType.ImageToVideo or ModelType.FirstLastFrameToVideo))
        {
            var first = given[0];
            RequireCoverable(given[latentFrames - 1], first.Width, first.Height, "a first frame"); // it is given the first one's shape
        }

        return given;
    }

    /// <summary>
    /// What the user should know about the images: a model that sees them through CLIP may not have learned of a last frame.
    /// </summary>
    public static IEnumerable<string> NotesOf(IReadOnlyDictionary<int, RgbImage> given, WanModel model)
    {
        if (given.Count > 1 && model.Transformer is { ModelType: ModelType.ImageToVideo, VisionDim: not null })
        {
            yield return $"{Path.GetFileName(model.Parts.Transformer)} takes a last frame, but only models that are called InP were "
                + "trained for one: the clip may not end with it.";
        }
    }

    /// <summary>
    /// An i2v model takes the first frame and must have it, and the last one, too, in its channels: Wan 2.2's was trained so
    /// (ModelTC/LightX2V:configs/wan22/wan_distill_moe_flf2v.json). flf2v must have both; ti2v takes any or none; VideoX-Fun's take none,
    /// the first, and those with a mask also both.
    /// </summary>
    private static void RequireWanted(Dictionary<int, RgbImage> given, WanModel model, int latentFrames)
    {
        if (model.Transformer.ModelType == ModelType.Fun)
        {
            RequireOfFun(given, model, latentFrames);
            return;
        }

        var mayHaveLast = model.Transformer.ModelType == ModelType.ImageToVideo;
        if (mayHaveLast && given.Count == 2 && given.ContainsKey(0) && given.ContainsKey(latentFrames - 1))
        {
            return;
        }

        int[]? wanted = model.Transformer.ModelType switch
        {
            ModelType.ImageToVideo => [0],
            ModelType.FirstLastFrameToVideo => [0, latentFrames - 1],
            _ => null,
        };
        if (wanted is [0, 0])
        {
            throw new InvalidRequestException(
                "frames",
                $"{model.Name} fills in the frames between a first and a last one: ask for at least {model.Vae.TemporalStride + 1} frames."
            );
        }

        if (wanted is not null && !wanted.Order().SequenceEqual(given.Keys.Order()))
        {
            throw new InvalidRequestException(
                "image",
                wanted.Length == 1
                    ? $"{model.Name} makes videos from the image of the first frame: give that one (--image)"
                        + $"{(mayHaveLast ? ", and --last-image if you like" : "")}."
                    : $"{model.Name} makes videos from the images of the first and the last frame: give those two (--image, --last-image)."
            );
        }
    }

    private static void RequireOfFun(Dictionary<int, RgbImage> given, WanModel model, int latentFrames)
    {
        var isKnown =
            given.Count == 0
            || (given.ContainsKey(0) && given.Keys.All(frame => frame == 0 || (model.Transformer.JoinsMask && frame == latentFrames - 1)));
        if (!isKnown)
        {
            throw new InvalidRequestException(
                "image",
                model.Transformer.JoinsMask
                    ? $"{model.Name} takes the image of the first frame, or those of the first and the last: give --image, and "
                        + "--last-image if you like."
                    : $"{model.Name} takes the image of the first frame alone: give --image and no other."
            );
        }

        if (given.Count > 0 && latentFrames == 1 && !model.Transformer.JoinsMask)
        {
            throw new InvalidRequestException(
                "frames",
                $"{model.Name} does not look at a first image where it makes a single frame: ask for at least "
                    + $"{model.Vae.TemporalStride + 1} frames, or leave the image out."
            );
        }
    }

    /// <summary>An image may be scaled to cover the frame before its middle is cut out.</summary>
    private static void RequireCoverable(RgbImage image, int width, int height, string what)
    {
        var scale = Math.Max((double)width / image.Width, (double)height / image.Height);
        if (scale * image.Width * scale * image.Height > RgbImage.MaxPixels)
        {
            throw new InvalidRequestException(
                "image",
                $"An image of {image.Width}x{image.Height} is too narrow for {what} of {width}x{height}: "
                    + "cut it to nearly the video's shape."
            );
        }
    }
}
