using WanSharp.Engine.Decoding;
using WanSharp.Models;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Cli.Tests;

/// <summary>Tiles with trained weights: the Shapes model's VAE on frames larger than its clips.</summary>
public sealed class ShapesTilesTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void Decode_InTiles_DifferByLessThanALevel()
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "models", "shapes");
        using var model = WanModel.Open(folder);
        using var weights = new WeightStore(Checkpoint.Open(Path.Combine(folder, "vae.safetensors")));
        using var runtime = OrtRuntime.Create(new RuntimeOptions { Threads = 2 });
        using var vae = new VaeRunner(runtime, model.Vae, weights);
        using var clip = MovingDisc(frames: 5, height: 128, width: 192);
        var tiling = new VaeTiling(16, 12, 4); // positions: 128 × 96 pixels
        using var latents = vae.Encode(clip, Cancellation);

        var whole = Pixels(FrameDecoder.Decode(vae, latents, tiles: null, Cancellation));
        var tiled = Pixels(FrameDecoder.Decode(vae, latents, tiling, Cancellation));

        Assert.Equal(4, tiling.Count(16, 24));
        Assert.InRange(Difference(whole, tiled), double.Epsilon, 1);
    }

    /// <summary>The mean of the absolute differences, in levels of 255.</summary>
    private static double Difference(byte[] left, byte[] right)
    {
        Assert.Equal(left.Length, right.Length);
        return left.Zip(right, (a, b) => Math.Abs((double)a - b)).Average();
    }

    private static byte[] Pixels(IEnumerable<IReadOnlyList<byte[]>> frames) =>
        [.. frames.SelectMany(frame => frame).SelectMany(pixels => pixels)];

    /// <summary>A yellow disc that crosses a dark blue frame, [1, 3, frames, height, width].</summary>
    private static Tensor MovingDisc(int frames, int height, int width)
    {
        const float Radius = 24;
        float[] disc = [0.9f, 0.8f, -0.8f];
        float[] ground = [-0.9f, -0.8f, -0.2f];
        var values = new float[3 * frames * height * width];
        for (var i = 0; i < values.Length; i++)
        {
            var (x, y, frame, color) = (i % width, i / width % height, i / width / height % frames, i / width / height / frames);
            var (across, down) = (x - (40f + (12 * frame)), y - (height / 2f));
            var cover = Math.Clamp(Radius - MathF.Sqrt((across * across) + (down * down)) + 0.5f, 0, 1);
            values[i] = ground[color] + ((disc[color] - ground[color]) * cover);
        }

        return Tensor.CopyOf<float>([1, 3, frames, height, width], values);
    }
}
