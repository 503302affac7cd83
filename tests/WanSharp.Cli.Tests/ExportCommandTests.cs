using System.Text.Json;
using WanSharp.Cli.Terminal;

namespace WanSharp.Cli.Tests;

public sealed class ExportCommandTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("wan-tests-");
    private readonly StringWriter _out = new();
    private readonly StringWriter _error = new();

    private string Target => Path.Combine(_folder.FullName, "shapes-onnx");

    [Fact]
    public async Task Export_OfAModelByName_PrintsHowEachOutputCompares()
    {
        Assert.Equal(ExitCode.Done, await Run("export", "-o", Target, "--only", "text", "--json"));

        using var report = JsonDocument.Parse(_out.ToString());
        Assert.Equal("pass", report.RootElement.GetProperty("result").GetString());
        Assert.Equal(Target, report.RootElement.GetProperty("folder").GetString());
        Assert.NotEmpty(report.RootElement.GetProperty("comparisons").EnumerateArray());
        Assert.All(
            report.RootElement.GetProperty("files").EnumerateArray(),
            file => Assert.True(File.Exists(Path.Combine(Target, file.GetProperty("name").GetString()!)))
        );
    }

    [Theory]
    [InlineData("'clip' is not a network", "--only", "text,clip")]
    [InlineData("'slow' is not a lowering: write plain or fused", "--lowering", "slow")]
    public async Task Export_WithAnUnknownValue_SaysWhichThereAre(string message, params string[] options)
    {
        Assert.Equal(ExitCode.WrongUsage, await Run(["export", "-o", Target, .. options]));

        Assert.Contains(message, _error.ToString(), StringComparison.Ordinal);
        Assert.False(Directory.Exists(Target));
    }

    [Fact]
    public async Task Export_OntoOtherFiles_IsWrongUsageEvenByForce()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "letter.txt"), "mine", TestContext.Current.CancellationToken);

        Assert.Equal(ExitCode.WrongUsage, await Run("export", "-o", _folder.FullName, "--force"));

        Assert.Contains("no export wrote", _error.ToString(), StringComparison.Ordinal);
        Assert.Equal("letter.txt", Assert.Single(_folder.EnumerateFileSystemInfos()).Name);
    }

    public void Dispose()
    {
        _folder.Delete(recursive: true);
        _out.Dispose();
        _error.Dispose();
    }

    private Task<int> Run(params string[] arguments) =>
        WanApp.RunAsync(
            arguments,
            new CliEnvironment
            {
                Out = _out,
                Error = _error,
                Input = Stream.Null,
                IsInteractive = false,
                Variable = _ => null,
                Clock = TimeProvider.System,
            },
            TestContext.Current.CancellationToken
        );
}
