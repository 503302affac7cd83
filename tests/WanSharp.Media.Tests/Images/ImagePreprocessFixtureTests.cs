using WanSharp.Media.Images;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Media.Tests.Images;

public sealed class ImagePreprocessFixtureTests : IDisposable
{
    private const int Images = 5;

    private readonly ICheckpoint _fixture = Fixture.Open("image-preprocess");

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public void BestOutputSize_IsTheOfficialOne()
    {
        var (inputs, outputs) = (Rows("in.best_output_size"), Rows("out.best_output_size"));
        Assert.All(
            inputs.Zip(outputs),
            pair =>
                Assert.Equal(
                    ((int)pair.Second[0], (int)pair.Second[1]),
                    ImageSizes.BestOutputSize(
                        (int)pair.First[0],
                        (int)pair.First[1],
                        (int)pair.First[2],
                        (int)pair.First[3],
                        (int)pair.First[4]
                    )
                )
        );
    }

    [Fact]
    public void ImageToVideoLatentSize_IsTheOfficialOne()
    {
        var (inputs, outputs) = (Rows("in.i2v_latent_size"), Rows("out.i2v_latent_size"));
        Assert.All(
            inputs.Zip(outputs),
            pair =>
                Assert.Equal(
                    ((int)pair.Second[0], (int)pair.Second[1]),
                    ImageSizes.ImageToVideoLatentSize((int)pair.First[0], (int)pair.First[1], (int)pair.First[2])
                )
        );
    }

    [Fact]
    public void Lanczos_IsPillowsToTheByte()
    {
        for (var i = 0; i < Images; i++)
        {
            var expected = Image($"out.lanczos_full.{i}");
            Assert.Equal(expected.Pixels, LanczosResizer.Resize(Image($"in.image.{i}"), expected.Width, expected.Height).Pixels);
        }
    }

    [Fact]
    public void CoverAndToTensor_AreTheOfficialPreparation()
    {
        var areas = _fixture.Get("in.max_area").Read<long>().ToArray();
        for (var i = 0; i < Images; i++)
        {
            var image = Image($"in.image.{i}");
            var (width, height) = ImageSizes.BestOutputSize(image.Width, image.Height, 32, 32, (int)areas[i]);
            var covered = ImageTensors.Cover(image, width, height);
            Assert.Equal(Image($"out.lanczos.{i}").Pixels, covered.Pixels);
            using var tensor = ImageTensors.ToTensor(covered);
            Assert.Equal(_fixture.Get($"out.tensor.{i}").Shape, tensor.Shape);
            Assert.Equal(_fixture.Get($"out.tensor.{i}").Read<float>().ToArray(), tensor.Read<float>().ToArray());
        }
    }

    [Fact]
    public void ResizeBicubic_IsPyTorchs()
    {
        const float Rounding = 1e-5f; // the order of its sums is not ours
        for (var i = 0; i < Images; i++)
        {
            var expected = _fixture.Get($"out.bicubic.{i}");
            using var image = ImageTensors.ToTensor(Image($"in.image.{i}"));
            using var resized = ImageTensors.ResizeBicubic(image, (int)expected.Shape[2], (int)expected.Shape[1]);
            Assert.All(
                expected.Read<float>().ToArray().Zip(resized.Read<float>().ToArray()),
                pair => Assert.Equal(pair.First, pair.Second, Rounding)
            );
        }
    }

    [Fact]
    public void ToRgb24_IsTheOfficialQuantization()
    {
        var (video, expected) = (_fixture.Get("in.video_for_u8"), _fixture.Get("out.video_u8"));
        var frame = new byte[expected.ByteLength / expected.Shape[0]];
        for (var i = 0; i < expected.Shape[0]; i++)
        {
            ImageTensors.ToRgb24(video, i, frame);
            Assert.Equal(expected.Slice(i, 1).Read<byte>().ToArray(), frame);
        }
    }

    private RgbImage Image(string name)
    {
        var tensor = _fixture.Get(name); // [height, width, 3]
        return new RgbImage((int)tensor.Shape[1], (int)tensor.Shape[0], tensor.Read<byte>().ToArray());
    }

    private IEnumerable<long[]> Rows(string name)
    {
        var tensor = _fixture.Get(name);
        return tensor.Read<long>().ToArray().Chunk((int)tensor.Shape[1]);
    }
}
