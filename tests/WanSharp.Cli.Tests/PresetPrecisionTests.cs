using System.Text.Json.Nodes;
using WanSharp.Hosting.Batches;
using WanSharp.Jobs.Storage;
using WanSharp.Testing;

namespace WanSharp.Cli.Tests;

/// <summary>A preset that is for 8-bit integers, for one model and not for another, next to the model that it is for.</summary>
public sealed class PresetPrecisionTests : BatchTests
{
    private const string EightBit = "precision int8: the transformer";
    private const string Note = "The preset small is for --precision int8, and this clip is made in fp32";

    public PresetPrecisionTests()
    {
        TinyModel.Write(_folder["tiny"]);
        _folder.Write(
            "tiny/presets.json",
            """
            {"small": {"models": {
              "tiny": {"settings": {"steps": 1}, "precision": "int8"},
              "wan2.1-t2v-14b": {"settings": {"steps": 4}}
            }}}
            """
        );
        _folder.Write("styles.json", """{"smallest": {"settings": {"preset": "small"}}}""");
    }

    [Theory]
    [InlineData("--preset", "small")]
    [InlineData("--style", "smallest", "--styles-file", "STYLES")]
    public async Task Generate_InAPrecisionThatAPresetIsFor_TakesItUnlessAnotherIsGiven(params string[] args)
    {
        args = [.. args.Select(arg => arg == "STYLES" ? _folder["styles.json"] : arg)];

        var own = await GenerateAsync(args);
        var full = await GenerateAsync([.. args, "--precision", "fp32"]);

        Assert.True(own.ExitCode == ExitCode.Done, own.Error);
        Assert.Contains(EightBit, own.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("The preset small is for", own.Error, StringComparison.Ordinal);
        Assert.True(full.ExitCode == ExitCode.Done, full.Error);
        Assert.DoesNotContain(EightBit, full.Error, StringComparison.Ordinal);
        Assert.Contains(Note, full.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Generate_WithoutAPreset_IsMadeInFloats() =>
        Assert.DoesNotContain(EightBit, (await GenerateAsync()).Error, StringComparison.Ordinal);

    [Theory]
    [InlineData("small", "int8")]
    [InlineData(null, "fp32")]
    public async Task Batch_OfJobsWithAPreset_TakesItsPrecisionIfAllHaveIt(string? second, string expected)
    {
        string[] presets = second is null ? ["small"] : ["small", second];
        var jobs = presets.Select(preset => Job(preset)).Concat(second is null ? [Job(null)] : []);
        _folder.Write("jobs.jsonl", string.Join('\n', jobs));

        var run = await RunAsync("batch", _folder["jobs.jsonl"], "--model", _folder["tiny"], "--format", "png", "-o", _folder["out"]);

        Assert.True(run.ExitCode == ExitCode.Done, run.Error);
        Assert.Equal(expected, BackendSettings.Load(JobFolder.Open(_folder["out"])).Engine.Precision?.Name);
        Assert.Equal(expected == "fp32", run.Error.Contains(Note, StringComparison.Ordinal));

        static string Job(string? preset)
        {
            var job = new JsonObject
            {
                ["prompt"] = "a star",
                ["size"] = "32x32",
                ["frames"] = 1,
                ["seed"] = preset is null ? 1 : 2,
            };
            if (preset is not null)
            {
                job["preset"] = preset;
            }
            else
            {
                job["steps"] = 1;
            }

            return job.ToJsonString();
        }
    }

    private Task<CommandLineRun> GenerateAsync(params string[] args)
    {
        string[] clip = ["--size", "32x32", "--frames", "1", "-o", _folder["clip.png"]];
        return RunAsync(["generate", "a star", "--model", _folder["tiny"], .. clip, .. args]);
    }
}
