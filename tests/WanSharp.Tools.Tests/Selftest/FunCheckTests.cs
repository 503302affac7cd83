using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Tools.Selftest;

namespace WanSharp.Tools.Tests.Selftest;

/// <summary>What VideoX-Fun's official code gave, by each way to run a network.</summary>
public class FunCheckTests
{
    private const double Wished = 3e-5; // of the largest value of a tensor

    [Theory]
    [InlineData("dit-fun-control", CompileMode.Blocks, 6)] // two blocks and the result, for each case
    [InlineData("dit-fun-control", CompileMode.Whole, 6)]
    [InlineData("dit-fun-control-5b", CompileMode.Blocks, 6)]
    [InlineData("dit-fun-control-5b", CompileMode.Whole, 6)]
    [InlineData("dit-fun-camera", CompileMode.Blocks, 9)]
    [InlineData("dit-fun-camera", CompileMode.Whole, 9)]
    [InlineData("dit-fun-camera-5b", CompileMode.Blocks, 2)]
    [InlineData("dit-fun-camera-5b", CompileMode.Whole, 2)]
    public async Task TransformerCheck_OfEachNetwork_IsAsExactAsWished(string name, CompileMode mode, int values)
    {
        using var fixture = WanSharp.Tools.Selftest.Fixture.Open(Path.Combine(AppContext.BaseDirectory, "fixtures", name));
        using var runtime = OrtRuntime.Create();
        using var graphs = new GraphCache(runtime);
        var context = new SelftestContext(runtime, graphs, new SessionSettings(), new TransformerOptions { Mode = mode });

        var comparisons = await new TransformerCheck().RunAsync(fixture, context, TestContext.Current.CancellationToken);

        Assert.Equal(values, comparisons.Count);
        Assert.All(comparisons, comparison => Assert.True(comparison.RelativeError < Wished, comparison.ToString()));
    }

    [Theory]
    [InlineData("fun-conditions", 11)] // of each case, and of two with a reference
    [InlineData("fun-conditions-5b", 6)] // of each case, of two first frames and of a reference
    public async Task FunCheck_OfConditions_IsAsExactAsWished(string name, int values)
    {
        using var fixture = WanSharp.Tools.Selftest.Fixture.Open(Path.Combine(AppContext.BaseDirectory, "fixtures", name));
        using var runtime = OrtRuntime.Create();
        using var graphs = new GraphCache(runtime);

        var comparisons = await new FunCheck().RunAsync(
            fixture,
            new SelftestContext(runtime, graphs, new SessionSettings()),
            TestContext.Current.CancellationToken
        );

        Assert.Equal(values, comparisons.Count);
        Assert.All(comparisons, comparison => Assert.True(comparison.RelativeError < Wished, comparison.ToString()));
    }
}
