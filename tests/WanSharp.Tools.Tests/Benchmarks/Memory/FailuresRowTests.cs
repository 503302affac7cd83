using WanSharp.Engine.Requests;
using WanSharp.Testing;
using WanSharp.Tools.Benchmarks.Memory;

namespace WanSharp.Tools.Tests.Benchmarks.Memory;

// Alone: what it has fail, and counts, is the process's one allocator.
[Collection(nameof(FailuresRowTests))]
[CollectionDefinition(nameof(FailuresRowTests), DisableParallelization = true)]
public sealed class FailuresRowTests(TinyEngine engine)
{
    [Fact]
    public async Task AllocationsThatFail_EndTheirClipAlone_AndLeakNothing()
    {
        var row = await new FailuresRow(engine.Runtime, engine.Model, new GenerationRequest { Prompt = "a red circle", Seed = 7 }).RunAsync(
            count: 20,
            TestContext.Current.CancellationToken
        );

        Assert.True(row.IsReached, row.Note);
        Assert.Equal(20, row.Figures["right"]); // each run that was stopped is taken once more
        Assert.Equal(0, row.Figures["leaked_objects"]);
    }
}
