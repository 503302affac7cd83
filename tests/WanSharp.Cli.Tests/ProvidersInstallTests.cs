using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using WanSharp.Hosting.Installation;
using WanSharp.Testing;

namespace WanSharp.Cli.Tests;

public sealed class ProvidersInstallTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Install_FromAFolder_SaysWhereItIsAndWhatThisMachineLacks()
    {
        Assert.SkipUnless(
            RuntimeInstaller.CurrentRid is "linux-x64" or "win-x64",
            $"There is no package with CUDA for {RuntimeInstaller.CurrentRid}."
        );
        var id = new RuntimeInstaller("", RuntimeInstaller.CurrentRid).PackageId;
        var package = _folder[$"{id}.{InstalledRuntime.Version}.nupkg"];
        using (var archive = ZipFile.Open(package, ZipArchiveMode.Create))
        {
            archive.CreateEntry(
                $"runtimes/{RuntimeInstaller.CurrentRid}/native/{(OperatingSystem.IsWindows() ? "onnxruntime.dll" : "libonnxruntime.so")}"
            );
        }

        await File.WriteAllTextAsync(
            package + ".sha512",
            Convert.ToBase64String(SHA512.HashData(await File.ReadAllBytesAsync(package, Token))),
            Token
        );

        var run = await RunAsync("providers", "install", "cuda", "--source", _folder.Path);

        Assert.Equal(ExitCode.Done, run.ExitCode);
        Assert.Contains(_folder["cache"], run.Out, StringComparison.Ordinal);
        Assert.Contains(
            Runtime.Providers.CudaLibraries.Missing().Count == 0 ? "load" : "cannot load the NVIDIA driver",
            run.Out,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Install_FromAFolderWithoutIt_FailsInOneLine() =>
        Assert.Contains(
            "wan: No package source has",
            (await RunAsync("providers", "install", "cuda", "--source", _folder.Path)).Error,
            StringComparison.Ordinal
        );

    [Fact]
    public async Task Install_OfSomethingElse_IsWrongUsage() =>
        Assert.Equal(ExitCode.WrongUsage, (await RunAsync("providers", "install", "npu")).ExitCode);

    [Theory]
    [InlineData("nonsense", "NAME=VALUE")]
    [InlineData("device_id=1", "cpu takes no options")]
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
