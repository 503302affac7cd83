using WanSharp.Engine.Features;
using WanSharp.Media.Images;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests.Features;

[Collection("alone")]
public sealed class FrameEncoderTests(TinyEngine engine) : IDisposable
{
    private readonly LiveObjects _live = new();
    private static readonly RgbImage Picture = new(32, 16, [.. Enumerable.Range(0, 32 * 16 * 3).Select(i => (byte)(i * 7))]);

    private readonly VaeRunner _vae = new(engine.Runtime, engine.Model.Vae, engine.Model.VaeWeights);

    [Fact]
    public void Encode_OfTheFirstFrame_IsThePictureAlone()
    {
        using var latents = Encode(latentFrame: 0);
        using var alone = Still(frames: 1);
        using var expected = _vae.Encode(alone, TestContext.Current.CancellationToken); // [1, 4, 1, 2, 4]

        Shape shape = [4, 2, 4];
        Assert.Equal(shape, latents.Shape);
        Assert.Equal(expected.Read<float>(), latents.Read<float>());
    }

    [Fact]
    public void Encode_OfALaterFrame_IsTheSecondOfAStill()
    {
        using var latents = Encode(latentFrame: 5);
        using var still = Still(frames: 5);
        using var expected = _vae.Encode(still, TestContext.Current.CancellationToken); // [1, 4, 2, 2, 4]
        using var first = Encode(latentFrame: 0);

        for (var channel = 0; channel < 4; channel++)
        {
            Assert.Equal(expected.Read<float>().Slice(((channel * 2) + 1) * 8, 8), latents.Read<float>().Slice(channel * 8, 8));
        }

        Assert.NotEqual(first.Read<float>().ToArray(), latents.Read<float>().ToArray());
    }

    public void Dispose()
    {
        _vae.Dispose();
        _live.AssertNoneIsLeft();
    }

    private Tensor Encode(int latentFrame) =>
        new FrameEncoder(_vae).Encode(Picture, 32, 16, latentFrame, TestContext.Current.CancellationToken);

    /// <summary>The picture again and again, <c>[1, 3, frames, height, width]</c>.</summary>
    private static Tensor Still(int frames)
    {
        using var picture = ImageTensors.ToTensor(Picture); // [3, height, width]
        var values = picture.Read<float>().ToArray();
        return Tensor.CopyOf<float>(
            [1, 3, frames, 16, 32],
            [.. values.Chunk(16 * 32).SelectMany(plane => Enumerable.Repeat(plane, frames).SelectMany(same => same))]
        );
    }
}
