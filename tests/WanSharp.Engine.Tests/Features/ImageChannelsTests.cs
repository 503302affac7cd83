using WanSharp.Engine.Features;
using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Media.Images;
using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests.Features;

/// <summary>Alone, since one test watches what the library asks for, in the whole process.</summary>
[NoLiveObjects]
[Collection("alone")]
public sealed class ImageChannelsTests(RuntimeFixture fixture)
{
    private static readonly VaeConfig Tiny = new() { Dim = 2 };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void Encode_OfAnImage_MasksTheFirstFrameAndEncodesAClipThatGoesGrey()
    {
        const int Frames = 9,
            LatentFrames = 3,
            Width = 24,
            Height = 16,
            Area = 2 * 3;
        var options = new GraphOptions();
        using var weights = new WeightStore(new RandomWeights(seed: 1, WanVae.EncodeNext(Tiny, options)));
        using var vae = new VaeRunner(fixture.Runtime, Tiny, weights);
        using var image = ImageTensors.ToTensor(new RgbImage(20, 10, [.. Enumerable.Range(0, 600).Select(i => (byte)(i * 7))]));

        using var first = ImageTensors.ResizeBicubic(image, Width, Height);

        using var channels = new ImageChannels(vae).Encode(first, last: null, LatentFrames, Cancellation);

        Assert.Equal([1, 4 + 16, LatentFrames, 2, 3], channels.Shape);
        float[] mask = [.. Enumerable.Repeat(1f, Area), .. Enumerable.Repeat(0f, 2 * Area)];
        Assert.Equal([.. mask, .. mask, .. mask, .. mask], channels.Read<float>()[..(4 * LatentFrames * Area)].ToArray());

        using var clip = Tensor.Zeros(DType.F32, [1, 3, Frames, Height, Width]);
        for (var color = 0; color < 3; color++)
        {
            first.Slice(color, 1).Read<float>().CopyTo(clip.Write<float>()[(color * Frames * Width * Height)..]);
        }

        using var latents = vae.Encode(clip, Cancellation);
        Assert.Equal(latents.Read<float>().ToArray(), channels.Read<float>()[(4 * LatentFrames * Area)..].ToArray());
    }

    [Fact]
    public void Encode_OfAFirstAndALastImage_EndsWithTheLast()
    {
        const int Frames = 9,
            LatentFrames = 3,
            Width = 24,
            Height = 16,
            Area = 2 * 3,
            Pixels = Width * Height;
        var options = new GraphOptions();
        using var weights = new WeightStore(new RandomWeights(seed: 1, WanVae.EncodeNext(Tiny, options)));
        using var vae = new VaeRunner(fixture.Runtime, Tiny, weights);
        using var first = ImageTensors.ToTensor(
            new RgbImage(Width, Height, [.. Enumerable.Range(0, 3 * Pixels).Select(i => (byte)(i * 7))])
        );
        using var last = ImageTensors.ToTensor(
            new RgbImage(Width, Height, [.. Enumerable.Range(0, 3 * Pixels).Select(i => (byte)(i * 11))])
        );

        using var channels = new ImageChannels(vae).Encode(first, last, LatentFrames, Cancellation);

        float[] ones = [.. Enumerable.Repeat(1f, Area)],
            zeros = [.. Enumerable.Repeat(0f, Area)];
        Assert.Equal(
            [.. ones, .. zeros, .. zeros, .. ones, .. zeros, .. zeros, .. ones, .. zeros, .. zeros, .. ones, .. zeros, .. ones],
            channels.Read<float>()[..(4 * LatentFrames * Area)].ToArray()
        );
        using var clip = Tensor.Zeros(DType.F32, [1, 3, Frames, Height, Width]);
        for (var color = 0; color < 3; color++)
        {
            first.Slice(color, 1).Read<float>().CopyTo(clip.Write<float>()[(color * Frames * Pixels)..]);
            last.Slice(color, 1).Read<float>().CopyTo(clip.Write<float>()[(((color * Frames) + Frames - 1) * Pixels)..]);
        }

        using var latents = vae.Encode(clip, Cancellation);
        Assert.Equal(latents.Read<float>().ToArray(), channels.Read<float>()[(4 * LatentFrames * Area)..].ToArray());
    }

    [Fact]
    public void Encode_InTiles_NeedsNoMoreMemoryForALargerFrame()
    {
        var options = new GraphOptions();
        using var weights = new WeightStore(new RandomWeights(seed: 1, WanVae.EncodeNext(Tiny, options)));
        using var vae = new VaeRunner(fixture.Runtime, Tiny, weights);
        var tiles = new VaeTiling(6, 6);
        long Largest(int side)
        {
            var (largest, memory) = (0L, fixture.Runtime.Memory);
            using var picture = Tensor.Zeros(DType.F32, [3, side, side]);
            memory.Refuses = size =>
            {
                largest = Math.Max(largest, size);
                return false;
            };
            new ImageChannels(vae, tiles).Encode(picture, last: null, latentFrames: 2, Cancellation).Dispose();
            memory.Refuses = null;
            return largest;
        }

        Assert.Equal(Largest(128), Largest(256));
    }
}
