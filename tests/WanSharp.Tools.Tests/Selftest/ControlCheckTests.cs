using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Tools.Selftest;

namespace WanSharp.Tools.Tests.Selftest;

/// <summary>What VACE's official code gave, by each way to run a network.</summary>
public class ControlCheckTests
{
    private const double Wished = 3e-5; // of the largest value of a tensor

    [Theory]
    [InlineData(CompileMode.Blocks)]
    [InlineData(CompileMode.Whole)]
    public async Task TransformerCheck_OfVace_IsAsExactAsWished(CompileMode mode)
    {
        using var fixture = WanSharp.Tools.Selftest.Fixture.Open(Path.Combine(AppContext.BaseDirectory, "fixtures", "dit-vace"));
        using var runtime = OrtRuntime.Create();
        using var graphs = new GraphCache(runtime);
        var context = new SelftestContext(runtime, graphs, new SessionSettings(), new TransformerOptions { Mode = mode });

        var comparisons = await new TransformerCheck().RunAsync(fixture, context, TestContext.Current.CancellationToken);

        Assert.Equal(3 * 7, comparisons.Count); // four blocks, two hints and the result, for each case
        Assert.All(comparisons, comparison => Assert.True(comparison.RelativeError < Wished, comparison.ToString()));
    }

    [Fact]
    public async Task ControlCheck_OfVacesConditions_IsAsExactAsWished()
    {
        using var fixture = WanSharp.Tools.Selftest.Fixture.Open(Path.Combine(AppContext.BaseDirectory, "fixtures", "vace-conditions"));
        using var runtime = OrtRuntime.Create();
        using var graphs = new GraphCache(runtime);

        var comparisons = await new ControlCheck().RunAsync(
            fixture,
            new SelftestContext(runtime, graphs, new SessionSettings()),
            TestContext.Current.CancellationToken
        );

        Assert.Equal(4, comparisons.Count);
        Assert.All(comparisons, comparison => Assert.True(comparison.RelativeError < Wished, comparison.ToString()));
    }
}
