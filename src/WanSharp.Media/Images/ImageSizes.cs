namespace WanSharp.Media.Images;

/// <summary>The sizes that the official pipelines choose for an input image. In pixels unless said otherwise.</summary>
public static class ImageSizes
{
    /// <summary>
    /// The size of a clip of about <paramref name="area"/> pixels that keeps the image's aspect best, sides being
    /// multiples of the steps. From Wan-Video/Wan2.2:wan/utils/utils.py, <c>best_output_size</c>.
    /// </summary>
    /// <param name="width">The image's width.</param>
    /// <param name="height">The image's height.</param>
    /// <param name="widthStep">What the width must divide by: the VAE's stride times the patch's width.</param>
    /// <param name="heightStep">What the height must divide by.</param>
    /// <param name="area">The largest area.</param>
    /// <returns>The size; 0 by 0 when none is left: the image is too narrow or too flat for the area.</returns>
    public static (int Width, int Height) BestOutputSize(int width, int height, int widthStep, int heightStep, int area)
    {
        var ratio = (double)width / height;
        var idealWidth = Math.Sqrt(area * ratio);
        var idealHeight = area / idealWidth;
        var (width1, height2) = (Floor(idealWidth, widthStep), Floor(idealHeight, heightStep));
        if (width1 == 0 || height2 == 0)
        {
            return (0, 0);
        }

        var height1 = Floor((double)area / width1, heightStep);
        var width2 = Floor((double)area / height2, widthStep);
        return Distortion(ratio, width1, height1) < Distortion(ratio, width2, height2) ? (width1, height1) : (width2, height2);
    }

    /// <summary>
    /// The latent size of the image-to-video models: sides of the area's root in the image's aspect, down to whole
    /// patches. From Wan-Video/Wan2.1:wan/image2video.py.
    /// </summary>
    /// <param name="height">The image's height.</param>
    /// <param name="width">The image's width.</param>
    /// <param name="maxArea">The largest area, in pixels of the clip.</param>
    /// <param name="vaeStride">Pixels to a latent.</param>
    /// <param name="patch">Latents to a patch.</param>
    /// <returns>The sides in latents.</returns>
    public static (int Height, int Width) ImageToVideoLatentSize(int height, int width, int maxArea, int vaeStride = 8, int patch = 2)
    {
        var aspect = (double)height / width;
        return (Side(Math.Sqrt(maxArea * aspect)), Side(Math.Sqrt(maxArea / aspect)));

        int Side(double pixels) => (int)(Math.Floor(Math.Floor(pixels / vaeStride) / patch) * patch);
    }

    /// <summary>
    /// The part of an image that fills a clip. The official image-to-video pipelines squeeze the whole image into sizes of
    /// its own aspect, rounded down to steps: those keep all of it. For a clip of another shape the middle is cut out.
    /// </summary>
    /// <param name="image">The image.</param>
    /// <param name="width">The clip's width.</param>
    /// <param name="height">The clip's height.</param>
    /// <param name="widthStep">What the width divides by.</param>
    /// <param name="heightStep">What the height divides by.</param>
    internal static RgbImage CropToShape(RgbImage image, int width, int height, int widthStep, int heightStep)
    {
        var aspect = (double)image.Height / image.Width;
        if (aspect > (double)height / (width + widthStep) && aspect < (double)(height + heightStep) / width)
        {
            return image;
        }

        return image.CropCentre(
            Math.Clamp((int)Math.Round(image.Height * (double)width / height), 1, image.Width),
            Math.Clamp((int)Math.Round(image.Width * (double)height / width), 1, image.Height)
        );
    }

    private static int Floor(double value, int step) => (int)Math.Floor(value / step) * step;

    private static double Distortion(double ratio, int width, int height)
    {
        var other = (double)width / height;
        return Math.Max(ratio / other, other / ratio);
    }
}
