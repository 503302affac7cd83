using WanSharp.Jobs.Tests.Running;
using WanSharp.Jobs.Batches;
using WanSharp.Jobs.Styles;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Tests.Batches;

public class BatchPlannerTests
{
    [Fact]
    public async Task Plan_OfEntries_AppliesStylesAndNamesOutputs()
    {
        var jobs = await PlanAsync([
            new BatchEntry { Line = 1, Request = new JobRequest { Prompt = "a cat" }, Style = "水墨", Priority = 3 },
            new BatchEntry { Line = 2, Request = new JobRequest { Prompt = "a dog", Seed = 2 }, Output = "dog.gif", UseCache = false }]);

        Assert.Equal(["0001-a-cat-ink-0.mp4", "dog.gif"], jobs.Select(job => job.Output));
        Assert.StartsWith("水墨画", jobs[0].Request.Prompt, StringComparison.Ordinal);
        Assert.EndsWith("a cat", jobs[0].Request.Prompt, StringComparison.Ordinal);
        Assert.Equal(("ink", 3, false), (jobs[0].Style, jobs[0].Priority, jobs[1].UseCache));
    }

    [Fact]
    public async Task Plan_WithBadEntries_NamesEachOfThem()
    {
        var exception = await Assert.ThrowsAsync<BatchFileException>(() => PlanAsync([
            new BatchEntry { Line = 1, Request = new JobRequest { Prompt = "good" }, Output = "same.mp4" },
            new BatchEntry { Line = 2, Request = new JobRequest { Prompt = "" }, Problem = "no prompt" },
            new BatchEntry { Line = 3, Request = new JobRequest { Prompt = "a" }, Style = "inc" },
            new BatchEntry { Line = 4, Request = new JobRequest { Prompt = "bad" } },
            new BatchEntry { Line = 5, Request = new JobRequest { Prompt = "a" }, Output = "Same.mp4" }]));

        Assert.Equal([2, 3, 4, 5], exception.Problems.Select(problem => problem.Line));
        string[] expected = ["no prompt", "Did you mean ink?", "cannot be made", "line 1"];
        Assert.All(expected.Zip(exception.Problems), pair => Assert.Contains(pair.First, pair.Second.Message, StringComparison.Ordinal));
    }

    private static async Task<IReadOnlyList<NewJob>> PlanAsync(IReadOnlyList<BatchEntry> entries)
    {
        await using var backend = new ScriptedBackend { Refuse = request => request.Prompt == "bad" ? new InvalidRequestException("prompt", "It cannot be made.") : null };
        var styles = StyleCatalog.Load([Path.Combine(AppContext.BaseDirectory, StyleCatalog.FileName)]);
        return await new BatchPlanner(backend, styles, "wan", ".mp4").PlanAsync("jobs.jsonl", entries, TestContext.Current.CancellationToken);
    }
}
