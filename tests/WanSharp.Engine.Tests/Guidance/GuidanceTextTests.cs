using System.Globalization;
using WanSharp.Engine.Guidance;
using WanSharp.Engine.Sampling;

namespace WanSharp.Engine.Tests.Guidance;

public class GuidanceTextTests
{
    [Theory]
    [InlineData("5", "5,3.5,0.5")]
    [InlineData("11, 2.5 ,0.25", "11,2.5,0.25")]
    [InlineData("5,", null)]
    [InlineData("", null)]
    [InlineData("1,2,3,4", null)]
    [InlineData("five", null)]
    [InlineData("NaN", null)]
    public void AttentionGuidance_IsReadAsItIsWritten(string text, string? expected) =>
        Assert.Equal(expected, Read<AttentionGuidance>(text));

    [Theory]
    [InlineData("55", "55,-0.75,0")]
    [InlineData("55,0.5,1", "55,0.5,1")]
    [InlineData("55;1", null)]
    public void ProjectedGuidance_IsReadAsItIsWritten(string text, string? expected) =>
        Assert.Equal(expected, Read<ProjectedGuidance>(text));

    [Theory]
    [InlineData("9", "9@0.1-0.9")]
    [InlineData("9,7,9@0.01-0.2", "7,9@0.01-0.2")]
    [InlineData("9@0.5", null)]
    [InlineData("-1", null)]
    [InlineData("@0-1", null)]
    [InlineData("9@0-1@0-1", null)]
    public void SkippedBlocks_AreReadAsTheyAreWritten(string text, string? expected) => Assert.Equal(expected, Read<SkippedBlocks>(text));

    [Theory]
    [InlineData("1, 0.5;0.25 0.1", "1,0.5,0.25,0.1")]
    [InlineData("[1, 0.5]", "1,0.5")]
    [InlineData("1e-3", "0.001")]
    [InlineData("", null)]
    [InlineData("1,x", null)]
    [InlineData("1,Infinity", null)]
    public void NumberList_IsReadAsItIsWritten(string text, string? expected) => Assert.Equal(expected, Read<NumberList>(text));

    [Fact]
    public void StepInterval_HoldsTheStepsThatDiffusersGuides()
    {
        var interval = new StepInterval(0.25, 0.75);

        Assert.Equal([2, 3, 4, 5], Enumerable.Range(0, 8).Where(step => interval.Contains(step, 8)));
        Assert.Equal(Enumerable.Range(0, 7), Enumerable.Range(0, 7).Where(step => StepInterval.All.Contains(step, 7)));
        Assert.False(new StepInterval(0.5, 0.5).IsValid);
        Assert.False(new StepInterval(0, 1.1).IsValid);
    }

    private static string? Read<T>(string text)
        where T : class, IParsable<T> => T.TryParse(text, CultureInfo.InvariantCulture, out var value) ? value.ToString() : null;
}
