using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Tools.Selftest;

namespace WanSharp.Tools.Tests.Selftest;

public class WholeTransformerTests
{
    [Theory]
    [InlineData("dit-t2v")]
    [InlineData("dit-ti2v")]
    public async Task TransformerCheck_OfAWholeNetwork_PassesAsBlocksDo(string name)
    {
        using var fixture = WanSharp.Tools.Selftest.Fixture.Open(Path.Combine(AppContext.BaseDirectory, "fixtures", name));
        using var runtime = OrtRuntime.Create();
        using var graphs = new GraphCache(runtime);
        var context = new SelftestContext(runtime, graphs, new SessionSettings(), new TransformerOptions { Mode = CompileMode.Whole });

        var comparisons = await new TransformerCheck().RunAsync(fixture, context, TestContext.Current.CancellationToken);

        Assert.Contains(comparisons, comparison => comparison.Name.Contains("block0_self_attn", StringComparison.Ordinal));
        Assert.All(comparisons, comparison => Assert.True(comparison.Passed, comparison.ToString()));
    }
}
