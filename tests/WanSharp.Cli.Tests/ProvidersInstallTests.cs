using System.Text.Json;
using WanSharp.Testing;

namespace WanSharp.Cli.Tests;

public sealed class ProvidersInstallTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Whoever chose the source, the program takes the one package that it was tested with.</summary>
    [Fact]
    public async Task Install_OfAnotherPackageUnderItsName_FailsInOneLine()
    {
        var file = _folder["onnxruntime-node-1.30.0.tgz"];
        await File.WriteAllTextAsync(file, "somebody else's", Token);

        var run = await RunAsync("providers", "install", "webgpu", "--source", _folder.Path);

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Equal("onnxruntime-node 1.30.0", run.Out.Trim());
        var line = Assert.Single(run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains("is not the package that this version of WanSharp was tested with", line, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["cache/providers/webgpu"]));
    }

    [Theory]
    [InlineData("webgpu")]
    [InlineData("ffmpeg")]
    public async Task Install_FromAFolderWithoutIt_SaysHowToFillIt(string name)
    {
        var run = await RunAsync("providers", "install", name, "--source", _folder.Path);

        Assert.Contains("wan: No package source has", run.Error, StringComparison.Ordinal);
        Assert.Contains("Run `npm pack ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Install_OfSomethingElse_IsWrongUsage() =>
        Assert.Equal(ExitCode.WrongUsage, (await RunAsync("providers", "install", "npu")).ExitCode);

    [Theory]
    [InlineData("nonsense", "NAME=VALUE")]
    [InlineData("device_id=1", "cpu has no options")]
    public async Task Selftest_WithAProviderOptionThatCannotBe_SaysSo(string option, string expected)
    {
        var run = await RunAsync("selftest", "--provider", "cpu", "--provider-option", option);

        run.AssertFailed(ExitCode.WrongUsage, expected);
    }

    [Fact]
    public async Task Providers_OnThisMachine_ChoosesOneThatIsThere()
    {
        using var report = JsonDocument.Parse((await RunAsync("providers", "--json")).Out);

        var chosen = report.RootElement.GetProperty("auto").GetString();
        Assert.Contains(
            report.RootElement.GetProperty("providers").EnumerateArray(),
            provider => provider.GetProperty("name").GetString() == chosen && provider.GetProperty("there").GetBoolean()
        );
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private Task<CommandLineRun> RunAsync(params string[] args) =>
        CommandLineRun.RunAsync(args, variables: new() { ["WAN_CACHE"] = _folder["cache"] }, cancellationToken: Token);
}
