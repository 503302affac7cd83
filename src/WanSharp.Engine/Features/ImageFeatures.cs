using WanSharp.Graphs.Networks;
using WanSharp.Media.Images;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Features;

/// <summary>An image as the rows that Wan 2.1's image-to-video models attend to.</summary>
/// <remarks>Source: Wan-Video/Wan2.1:wan/modules/clip.py, <c>CLIPModel.visual</c>.</remarks>
internal static class ImageFeatures
{
    // What CLIP's training images had, red, green and blue from 0 to 1 (_clip in the same file).
    private static ReadOnlySpan<float> Mean => [0.48145466f, 0.4578275f, 0.40821073f];

    private static ReadOnlySpan<float> Std => [0.26862954f, 0.26130258f, 0.27577711f];

    /// <summary>The features of images one after another, <c>[1, images · tokens, dim]</c>; the caller disposes them.</summary>
    /// <param name="encoder">The model's image encoder.</param>
    /// <param name="images">Each as <see cref="Prepare"/> gives it.</param>
    /// <param name="cancellationToken">Stops between two operations.</param>
    public static Tensor Encode(VisionEncoderRunner encoder, IReadOnlyList<Tensor> images, CancellationToken cancellationToken)
    {
        var size = encoder.Configuration.ImageSize;
        using var batch = Tensor.Zeros(DType.F32, [images.Count, 3, size, size]);
        for (var i = 0; i < images.Count; i++)
        {
            images[i].Read<float>().CopyTo(batch.Slice(i, 1).Write<float>());
        }

        using var rows = encoder.Encode(batch, cancellationToken); // [images, tokens, dim]
        return Tensor.CopyOf([1, rows.Shape[0] * rows.Shape[1], rows.Shape[2]], rows.Read<float>());
    }

    /// <summary>What stands for an image where none is given, in VideoX-Fun's models: rows of zeros; the caller disposes them.</summary>
    /// <param name="encoder">The model's image encoder.</param>
    public static Tensor OfNothing(VisionEncoderConfig encoder) => Tensor.Zeros(DType.F32, [1, encoder.Tokens, encoder.Dim]);

    /// <summary>The image as CLIP takes it, <c>[3, size, size]</c>: squeezed to a square, whatever its aspect, and standardized.</summary>
    /// <param name="image"><c>[3, height, width]</c>, −1 to 1, of any size.</param>
    /// <param name="size">Pixels on a side.</param>
    public static Tensor Prepare(Tensor image, int size)
    {
        var square = ImageTensors.ResizeBicubic(image, size, size); // [3, size, size]
        for (var color = 0; color < 3; color++)
        {
            foreach (ref var value in square.Slice(color, 1).Write<float>())
            {
                value = ((value * 0.5f) + 0.5f - Mean[color]) / Std[color];
            }
        }

        return square;
    }
}
