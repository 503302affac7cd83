using WanSharp.Engine.Denoising;

namespace WanSharp.Engine.Tests.Denoising;

public class GuidedVelocityTests
{
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
}
