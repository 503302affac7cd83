using WanSharp.Jobs.Batches;
using WanSharp.Jobs.Batches.Reading;
using WanSharp.Jobs.Batches.Wildcards;
using WanSharp.Jobs.Styles;
using WanSharp.Jobs.Tests.Running;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Tests.Batches;

public class BatchPlannerTests
{
    [Fact]
    public async Task Plan_OfEntries_AppliesStylesAndNamesOutputs()
    {
        var jobs = await PlanAsync([
            new BatchEntry
            {
                Line = 1,
                Request = new JobRequest { Prompt = "a cat" },
                Style = "水墨",
                Priority = 3,
            },
            new BatchEntry
            {
                Line = 2,
                Request = new JobRequest { Prompt = "a dog", Seed = 2 },
                Output = "dog.gif",
                UseCache = false,
            },
        ]);

        Assert.Equal(["0001-a-cat-ink-0.mp4", "dog.gif"], jobs.Select(job => job.Output));
        Assert.StartsWith("水墨画", jobs[0].Request.Prompt, StringComparison.Ordinal);
        Assert.EndsWith("a cat", jobs[0].Request.Prompt, StringComparison.Ordinal);
        Assert.Equal(("ink", 3, false), (jobs[0].Style, jobs[0].Priority, jobs[1].UseCache));
    }

    [Fact]
    public async Task Plan_WithBadEntries_NamesEachOfThem()
    {
        var exception = await Assert.ThrowsAsync<BatchFileException>(() =>
            PlanAsync([
                new BatchEntry
                {
                    Line = 1,
                    Request = new JobRequest { Prompt = "good" },
                    Output = "same.mp4",
                },
                new BatchEntry
                {
                    Line = 2,
                    Request = new JobRequest { Prompt = "" },
                    Problem = new BatchProblem(2, "no prompt"),
                },
                new BatchEntry
                {
                    Line = 3,
                    Request = new JobRequest { Prompt = "a" },
                    Style = "inc",
                },
                new BatchEntry
                {
                    Line = 4,
                    Request = new JobRequest { Prompt = "bad" },
                },
                new BatchEntry
                {
                    Line = 5,
                    Request = new JobRequest { Prompt = "a" },
                    Output = "Same.mp4",
                },
            ])
        );

        Assert.Equal([2, 3, 4, 5], exception.Problems.Select(problem => problem.Line));
        string[] expected = ["no prompt", "Did you mean ink?", "cannot be made", "line 1"];
        Assert.All(expected.Zip(exception.Problems), pair => Assert.Contains(pair.First, pair.Second.Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Plan_OfWildcardsAndDrawnSeeds_KeepsWhatWasWrittenAndWhatCameOfIt()
    {
        const string Template = "a {red|blue} circle";
        var request = new JobRequest { Prompt = Template, NegativePrompt = "{x|y}" };
        await using var backend = new ScriptedBackend();
        var seed = 10UL;
        var planner = new BatchPlanner(backend, StyleCatalog.Load([]), "wan", ".mp4")
        {
            Wildcards = new PromptExpander(new WildcardFiles([])),
            DrawSeed = () => seed++,
        };

        var jobs = await planner.PlanAsync(
            "jobs.jsonl",
            [
                .. Enumerable
                    .Range(1, 20)
                    .Select(line => new BatchEntry
                    {
                        Line = line,
                        Request = request,
                        DrawsSeed = true,
                    }),
            ],
            TestContext.Current.CancellationToken
        );

        Assert.Equal(Enumerable.Range(10, 20).Select(i => (ulong?)i), jobs.Select(job => job.Request.Seed));
        Assert.Equal(["a blue circle", "a red circle"], jobs.Select(job => job.Request.Prompt).Distinct().Order());
        Assert.Equal(["x", "y"], jobs.Select(job => job.Request.NegativePrompt!).Distinct().Order());
        Assert.All(jobs, job => Assert.Equal(Template, job.Request.Template));
        Assert.Contains("-circle-10.mp4", jobs[0].Output, StringComparison.Ordinal);
    }

    private static async Task<IReadOnlyList<NewJob>> PlanAsync(IReadOnlyList<BatchEntry> entries)
    {
        await using var backend = new ScriptedBackend
        {
            Refuse = request => request.Prompt == "bad" ? new InvalidRequestException("prompt", "It cannot be made.") : null,
        };
        var styles = StyleCatalog.Load([Path.Combine(AppContext.BaseDirectory, StyleCatalog.FileName)]);
        return await new BatchPlanner(backend, styles, "wan", ".mp4").PlanAsync(
            "jobs.jsonl",
            entries,
            TestContext.Current.CancellationToken
        );
    }
}
