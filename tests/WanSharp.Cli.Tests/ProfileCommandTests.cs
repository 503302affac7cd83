using System.Text.Json;
using WanSharp.Testing;

namespace WanSharp.Cli.Tests;

/// <summary>
/// <c>wan profile</c> through the program, on a small clip of the Shapes model. Alone, because it records what the whole process does.
/// </summary>
[Collection(nameof(ProfileCommandTests))]
[CollectionDefinition(nameof(ProfileCommandTests), DisableParallelization = true)]
public sealed class ProfileCommandTests(MeasuredMachine machine) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Profile_OfAClip_HasStagesStepsBlocksAndOperators()
    {
        string[] files = ["--report", _folder["page.html"], "--trace", _folder["trace.json"], "--speedscope", _folder["scope.json"]];

        machine.PlaceIn(_folder["cache"]);

        var run = await CommandLineRun.RunAsync(
            ["profile", "a red circle", "--steps", "2", "--frames", "1", "--runs", "1", "--json", .. files],
            variables: new Dictionary<string, string> { ["WAN_CACHE"] = _folder["cache"], ["PATH"] = "" },
            cancellationToken: TestContext.Current.CancellationToken
        );

        Assert.True(run.ExitCode == 0, run.Error);
        using var json = JsonDocument.Parse(run.Out);
        string[] names = [.. json.RootElement.GetProperty("spans").EnumerateArray().Select(span => span.GetProperty("name").GetString()!)];
        Assert.Equal(2, names.Count(name => name == "step"));
        Assert.Contains("stage denoise", names);
        Assert.Contains("work decode", names);
        Assert.Equal(2, names.Count(name => name == "graph transformer_block 7"));
        var layers = json.RootElement.GetProperty("layers").EnumerateArray().Select(layer => layer.GetProperty("operator").GetString());
        Assert.Contains("ffn.0", layers);
        Assert.All(files.Where(Path.IsPathRooted), file => Assert.True(new FileInfo(file).Length > 0, file));
    }
}
