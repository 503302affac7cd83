using WanSharp.Engine.Guidance;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests.Guidance;

public class GuidedVelocityTests
{
    private const float Rounding = 1e-5f; // of sums of 240 products in binary32

    [Theory]
    [InlineData(0, new float[] { 1, -2, 5 })]
    [InlineData(1, new float[] { 2, 2, 5 })]
    [InlineData(4, new float[] { 5, 14, 5 })]
    public void Combine_GoesFromTheNegativeThroughThePrompt(float scale, float[] expected)
    {
        float[] conditional = [2, 2, 5];

        GuidedVelocity.Combine(conditional, [1, -2, 5], scale, conditional); // in place, as the denoiser does

        Assert.Equal(expected, conditional);
    }

    [Fact]
    public void Combine_WithThePassOfABlockLeftOut_IsTheOriginals()
    {
        using var fixture = Fixture.Open("guidance");
        var guided = fixture.Get("slg.c").Read<float>().ToArray();

        GuidedVelocity.Combine(guided, fixture.Get("slg.u").Read<float>(), 5, guided);

        AssertClose(fixture.Get("slg.out"), guided);
    }

    [Theory]
    [InlineData(3.5f)]
    [InlineData(6)]
    public void CombineZeroStar_IsTheOriginals(float scale)
    {
        using var fixture = Fixture.Open("guidance");
        var guided = fixture.Get("c1").Read<float>().ToArray();

        GuidedVelocity.CombineZeroStar(guided, fixture.Get("u1").Read<float>(), scale, guided);

        AssertClose(fixture.Get(FormattableString.Invariant($"zero_star.{scale}")), guided);
    }

    [Theory]
    [InlineData("usual", 55, -0.75, 0)]
    [InlineData("cut", 2, 0.5, 0.25)]
    [InlineData("free", 0, 0, 1)]
    public void ProjectedVelocity_IsTheOriginals_AlsoAfterARestore(string name, double norm, double momentum, double eta)
    {
        using var fixture = Fixture.Open("guidance");
        var settings = new ProjectedGuidance(norm, momentum, eta);
        var first = new ProjectedVelocity(settings);

        AssertClose(fixture.Get($"apg.{name}.0"), Combine(first, fixture, 1));
        var second = new ProjectedVelocity(settings);
        second.Restore(first.Average);
        AssertClose(fixture.Get($"apg.{name}.1"), Combine(second, fixture, 2));
        AssertClose(fixture.Get($"apg.{name}.average"), second.Average!);
    }

    private static float[] Combine(ProjectedVelocity projection, ICheckpoint fixture, int step)
    {
        var guided = fixture.Get($"c{step}").Read<float>().ToArray();
        projection.Combine(guided, fixture.Get($"u{step}").Read<float>(), 5, guided);
        return guided;
    }

    private static void AssertClose(Tensor expected, float[] actual)
    {
        var values = expected.Read<float>();
        Assert.Equal(values.Length, actual.Length);
        for (var i = 0; i < values.Length; i++)
        {
            Assert.Equal(values[i], actual[i], Rounding);
        }
    }
}
