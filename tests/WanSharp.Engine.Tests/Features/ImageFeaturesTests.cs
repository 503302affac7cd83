using WanSharp.Engine.Features;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests.Features;

public sealed class ImageFeaturesTests
{
    private const float Tolerance = 5e-5f; // Bicubic's 1e-5, divided by a deviation of 0.26.

    [Theory]
    [InlineData("case0")] // of CLIP's own size
    [InlineData("case1")] // larger, and not square
    [InlineData("case2")] // smaller
    public void Prepare_OfAnImage_IsTheOfficialPreparation(string name)
    {
        using var fixture = Fixture.Open("clip-vision");
        var expected = fixture.Get($"{name}.mid.preprocessed"); // [1, 3, size, size]

        using var prepared = ImageFeatures.Prepare(fixture.Get($"{name}.in.image"), (int)expected.Shape[3]);

        Assert.All(
            expected.Read<float>().ToArray().Zip(prepared.Read<float>().ToArray()),
            pair => Assert.Equal(pair.First, pair.Second, Tolerance)
        );
    }
}
