using System.Text.Json.Nodes;
using WanSharp.Testing;

namespace WanSharp.Cli.Tests;

/// <summary>A model reads so many tokens of a prompt: whoever wrote more is told, wherever clips are asked for.</summary>
public sealed class LongPromptTests(MeasuredMachine machine) : IDisposable
{
    private static readonly string Long = string.Join(' ', Enumerable.Range(1, 700).Select(number => $"word{number}"));

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Generate_WithAPromptThatIsCut_SaysWhereAndGoesOn()
    {
        var run = await CommandLineRun.RunAsync(
            ["generate", Long, "--json", "--negative", "short", .. ProcessRun.Quick, "-o", _folder["clip.mp4"]],
            cancellationToken: Token
        );

        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Matches(
            "note: the prompt has [0-9]+ tokens, and the model reads [0-9]+: it ignores what comes from \"[^\"]+…\" on",
            run.Error
        );
        AssertCut(JsonNode.Parse(run.Out)!["cut_prompts"]!, "prompt");
    }

    [Fact]
    public async Task Plan_WithPromptsThatAreCut_NamesBoth()
    {
        machine.PlaceIn(_folder["cache"]);
        var text = await PlanAsync("a cat", "--negative", Long);
        var json = await PlanAsync(Long, "--negative", Long, "--json");
        var unused = await PlanAsync("a cat", "--negative", Long, "--guidance", "1", "--json");

        Assert.Matches("note +the negative prompt has [0-9]+ tokens", text.Out);
        AssertCut(JsonNode.Parse(json.Out)!["cut_prompts"]!, "prompt", "negative");
        AssertCut(JsonNode.Parse(unused.Out)!["cut_prompts"]!);

        Task<CommandLineRun> PlanAsync(params string[] prompts) =>
            CommandLineRun.RunAsync(
                ["plan", .. prompts],
                variables: new() { ["WAN_CACHE"] = _folder["cache"], ["PATH"] = Environment.GetEnvironmentVariable("PATH")! },
                cancellationToken: Token
            );
    }

    [Fact]
    public async Task Batch_WithAPromptThatIsCut_SaysSoBeforeAndInItsReport()
    {
        await File.WriteAllTextAsync(
            _folder["jobs.jsonl"],
            $$"""{"prompt":"{{Long}}","output":"long.mp4"}{{"\n"}}{"prompt":"a red circle","output":"short.mp4"}""",
            Token
        );
        string[] command = ["batch", _folder["jobs.jsonl"], "--no-cache", .. ProcessRun.Quick, "-o", _folder["out"]];

        var before = await CommandLineRun.RunAsync([.. command, "--dry-run", "--json"], cancellationToken: Token);
        var run = await CommandLineRun.RunAsync(command, cancellationToken: Token);

        Assert.Contains("note: long.mp4: the prompt has ", before.Error, StringComparison.Ordinal);
        Assert.NotNull(JsonNode.Parse(before.Out)!["outputs"]!.AsArray().Single(row => IsNoted(row!["notes"])));
        Assert.True(run.ExitCode == 0, run.Error);
        var jobs = JsonNode.Parse(await File.ReadAllTextAsync(_folder["out/report.json"], Token))!["jobs"]!.AsArray();
        Assert.Equal([true, false], jobs.Select(job => IsNoted(job!["outcome"]!["notes"])));
        Assert.Contains("<h2>Notes</h2>", await File.ReadAllTextAsync(_folder["out/report.html"], Token), StringComparison.Ordinal);
    }

    private static bool IsNoted(JsonNode? notes) =>
        notes?.AsArray().Count(note => ((string)note!).Contains("the prompt has ", StringComparison.Ordinal)) == 1;

    private static void AssertCut(JsonNode cut, params string[] prompts)
    {
        Assert.Equal(prompts, cut.AsArray().Select(one => (string)one!["prompt"]!));
        Assert.All(
            cut.AsArray(),
            one =>
            {
                Assert.True((int)one!["tokens"]! > (int)one["tokens_read"]!);
                Assert.Contains(((string)one["ignored_from"]!)[..8], Long, StringComparison.Ordinal);
            }
        );
    }
}
