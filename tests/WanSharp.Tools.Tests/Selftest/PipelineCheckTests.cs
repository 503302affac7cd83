using WanSharp.Runtime;
using WanSharp.Testing;
using WanSharp.Tools.Selftest;

namespace WanSharp.Tools.Tests.Selftest;

/// <summary>Whole pipelines compared with the official ones.</summary>
public sealed class PipelineCheckTests(RuntimeFixture fixture)
{
    [Theory]
    [InlineData("pipeline-t2v")]
    [InlineData("pipeline-moe")]
    [InlineData("pipeline-i2v21")]
    [InlineData("pipeline-i2v22")]
    [InlineData("pipeline-ti2v")]
    public async Task Run_OfAnOfficialPipeline_GivesItsNumbers(string name)
    {
        var result = await RunAsync(FolderOf(name));

        Assert.True(result.Passed, result.Problem ?? result.Worst?.ToString());
    }

    [Theory]
    [InlineData("pipeline-t2v", "\"guide\": 5.0", "\"guide\": 5.01", "v_guided")]
    [InlineData("pipeline-t2v", "\"shift\": 5.0", "\"shift\": 5.1", "timesteps")]
    [InlineData("pipeline-moe", "\"boundary\": 0.875", "\"boundary\": 0.95", "expert")]
    [InlineData("pipeline-i2v21", "\"vision_heads\": 4", "\"vision_heads\": 2", "clip_fea")]
    public async Task Run_WithASettingThatIsNotTheFixtures_FailsWhereItShows(string name, string setting, string changed, string tensor)
    {
        using var folder = new TemporaryFolder();
        foreach (var file in Directory.EnumerateFiles(FolderOf(name)))
        {
            File.Copy(file, folder[Path.GetFileName(file)]);
        }

        var config = await File.ReadAllTextAsync(folder["config.json"], TestContext.Current.CancellationToken);
        Assert.Contains(setting, config, StringComparison.Ordinal);
        await File.WriteAllTextAsync(
            folder["config.json"],
            config.Replace(setting, changed, StringComparison.Ordinal),
            TestContext.Current.CancellationToken
        );

        var result = await RunAsync(folder.Path);

        Assert.False(result.Passed);
        Assert.Contains(result.Comparisons, comparison => !comparison.Passed && comparison.Name.Contains(tensor, StringComparison.Ordinal));
    }

    private static string FolderOf(string name)
    {
        var folder = Path.Combine(FixtureRunner.ShippedFixtures, name);
        if (Directory.Exists(folder))
        {
            return folder;
        }

        var others = Environment.GetEnvironmentVariable("WAN_FIXTURES");
        Assert.SkipWhen(others is null, $"The fixture {name} is not in the repository: set WAN_FIXTURES to a folder that has it.");
        return Path.Combine(others!, name);
    }

    private async Task<FixtureResult> RunAsync(string folder)
    {
        await foreach (
            var result in FixtureRunner.RunAsync(folder, fixture.Runtime, new SessionSettings(), TestContext.Current.CancellationToken)
        )
        {
            return result;
        }

        throw new InvalidOperationException("the folder gave no result");
    }
}
