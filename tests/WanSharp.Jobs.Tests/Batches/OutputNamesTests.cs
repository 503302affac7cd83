using WanSharp.Jobs.Batches;

namespace WanSharp.Jobs.Tests.Batches;

public class OutputNamesTests
{
    [Fact]
    public void For_JobsThatTheFolderHas_KeepsTheirNamesWhereverTheirLinesStand()
    {
        var first = Names([], "a", "b", "b");
        Assert.Equal(["0001-a-0.mp4", "0002-b-0.mp4", "0003-b-0.mp4"], first);

        Assert.Equal(
            ["0004-new-0.mp4", "0001-a-0.mp4", "0002-b-0.mp4", "0005-other-0.mp4", "0003-b-0.mp4", "0006-b-0.mp4"],
            Names([("a", first[0]), ("b", first[1]), ("b", first[2])], "new", "a", "b", "other", "b", "b")
        );
        Assert.Equal(["0001-b-0.mp4"], Names([("a", "named.mp4")], "b"));
    }

    private static List<string> Names(IEnumerable<(string Prompt, string Output)> there, params string[] prompts)
    {
        var names = new OutputNames(
            there.Select(
                (job, i) =>
                    new Job
                    {
                        Id = i,
                        Request = Request(job.Prompt),
                        Output = job.Output,
                        State = JobState.Succeeded,
                    }
            )
        );
        return [.. prompts.Select((prompt, i) => names.For(i + 1, Request(prompt), prompt, style: null, ".mp4"))];
    }

    private static JobRequest Request(string prompt) => new() { Prompt = prompt, Seed = 0 };
}
