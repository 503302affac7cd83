using WanSharp.Tensors;
using WanSharp.Testing;
using WanSharp.Tools.Benchmarks.Memory;

namespace WanSharp.Tools.Tests.Benchmarks.Memory;

public sealed class SizesRowTests(TinyEngine engine)
{
    [Fact]
    public async Task SizesInTurnAndAnotherExpert_CompileEachGraphOnce()
    {
        using var folder = new TemporaryFolder();
        var checkpoint = new BenchmarkCheckpoints(folder.Path, progress: null).Find(
            "shapes",
            layers: null,
            DType.F32,
            TestContext.Current.CancellationToken
        );

        var row = await new SizesRow(engine.Runtime).RunAsync("shapes", layers: null, checkpoint, TestContext.Current.CancellationToken);

        Assert.True(row.IsReached);
        Assert.Equal(1, row.Figures["most_compiles_of_a_graph"]);
        Assert.Equal(0, row.Figures["second_round_compiles"] + row.Figures["expert_compiles"]);
    }
}
