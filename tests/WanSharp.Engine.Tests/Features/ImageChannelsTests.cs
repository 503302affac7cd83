using WanSharp.Engine.Features;
using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Media.Images;
using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests.Features;

public sealed class ImageChannelsTests(RuntimeFixture fixture)
{
    private static readonly VaeConfig Tiny = new() { Dim = 2 };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void Encode_OfAnImage_MasksTheFirstFrameAndEncodesAClipThatGoesGrey()
    {
        const int Frames = 9, LatentFrames = 3, Width = 24, Height = 16, Area = 2 * 3;
        var options = new GraphOptions();
        using var weights = new WeightStore(new RandomWeights(seed: 1, WanVae.EncodeNext(Tiny, options)));
        using var vae = new VaeRunner(fixture.Runtime, Tiny, weights);
        using var image = ImageTensors.ToTensor(new RgbImage(20, 10, [.. Enumerable.Range(0, 600).Select(i => (byte)(i * 7))]));

        using var channels = new ImageChannels(vae).Encode(image, last: null, Width, Height, LatentFrames, Cancellation);

        Assert.Equal([1, 4 + 16, LatentFrames, 2, 3], channels.Shape);
        float[] mask = [.. Enumerable.Repeat(1f, Area), .. Enumerable.Repeat(0f, 2 * Area)];
        Assert.Equal([.. mask, .. mask, .. mask, .. mask], channels.Read<float>()[..(4 * LatentFrames * Area)].ToArray());

        using var first = ImageTensors.ResizeBicubic(image, Width, Height);
        using var clip = Tensor.Zeros(DType.F32, [1, 3, Frames, Height, Width]);
        for (var color = 0; color < 3; color++)
        {
            first.Slice(color, 1).Read<float>().CopyTo(clip.Write<float>()[(color * Frames * Width * Height)..]);
        }

        using var latents = vae.Encode(clip, Cancellation);
        Assert.Equal(latents.Read<float>().ToArray(), channels.Read<float>()[(4 * LatentFrames * Area)..].ToArray());
    }
}
