using WanSharp.Hosting;
using WanSharp.Testing;
using WanSharp.Tools.Doctor;

namespace WanSharp.Tools.Tests.Doctor;

/// <summary>Models whose clips begin from images, or follow a control or a camera, are looked at like others.</summary>
public sealed class CheckupTests(TinyEngine engine) : IDisposable
{
    private const int Threads = 2;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("wan2.1-i2v-14b-480p")]
    [InlineData("wan2.1-flf2v-14b")]
    [InlineData("wan2.1-fun-1.3b-control")]
    [InlineData("wan2.1-fun-1.3b-camera")]
    public async Task LookAtModel_ThatNeedsMoreThanAPrompt_MeasuresAStep(string variant)
    {
        using (var networks = new TinyNetworks(variant))
        {
            new ToolFolders(networks, _folder["model"]).Write("official");
        }

        var host = new WanHost(new HostOptions { CacheFolder = _folder["cache"], ConfigFolder = _folder["config"] });
        KeepRates(host);

        var findings = await new Checkup(host).LookAtModelAsync(
            new EngineSettings { Model = _folder["model"], Threads = Threads },
            TestContext.Current.CancellationToken
        );

        Assert.Contains(findings, finding => finding.Says.Contains("a step took", StringComparison.Ordinal));
    }

    private void KeepRates(WanHost host)
    {
        using var store = host.OpenTunings();
        KnownMachine.PlaceIn(store, engine.Runtime, Threads, host.Options.Clock);
    }
}
