namespace WanSharp.Engine.Images;

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
    /// <exception cref="ArgumentException">No such size is left: the image is too narrow or too flat for the area.</exception>
    public static (int Width, int Height) BestOutputSize(int width, int height, int widthStep, int heightStep, int area)
    {
        var ratio = (double)width / height;
        var idealWidth = Math.Sqrt(area * ratio);
        var idealHeight = area / idealWidth;
        var (width1, height2) = (Floor(idealWidth, widthStep), Floor(idealHeight, heightStep));
        if (width1 == 0 || height2 == 0)
        {
            throw new ArgumentException($"An image of {width}×{height} is too narrow for a clip of {area} pixels: cut it, or choose a larger size.");
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

    private static int Floor(double value, int step) => (int)Math.Floor(value / step) * step;

    private static double Distortion(double ratio, int width, int height)
    {
        var other = (double)width / height;
        return Math.Max(ratio / other, other / ratio);
    }
}
