using System.Text.Json.Nodes;

namespace WanSharp.Cli.Tests;

/// <summary>What measures in processes of its own starts this program again, however it was started.</summary>
public sealed class OwnProgramTests
{
    [Fact]
    public async Task Command_InAnotherProgram_StartsWan()
    {
        var run = await ProcessRun.RunAsync(OwnProgram.Command[0], [.. OwnProgram.Command.Skip(1), "--help"]);

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("wan generate", run.Out, StringComparison.Ordinal);
    }

    /// <summary>The hidden row measures one start in a process of its own and says nothing without one.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task BenchDtypes_ThroughTheLauncherAndThroughDotnet_StartsItselfAgain(bool throughDotnet)
    {
        string[] command = throughDotnet ? ["dotnet", Path.Combine(AppContext.BaseDirectory, "wan.dll")] : [ProcessRun.Wan];

        var run = await ProcessRun.RunAsync(
            command[0],
            [.. command.Skip(1), "bench", "dtypes", "--shape", "shapes", "--weights", "Q8_0", "--size", "32x32", "--frames", "1", "--json"]
        );

        Assert.True(run.ExitCode == 0, run.Error);
        Assert.NotEmpty(JsonNode.Parse(run.Out)!.AsArray());
    }
}
