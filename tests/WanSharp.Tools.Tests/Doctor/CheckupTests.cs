using System.Text;
using WanSharp.Engine.Planning;
using WanSharp.Hosting;
using WanSharp.Tensors;
using WanSharp.Testing;
using WanSharp.Tools.Doctor;

namespace WanSharp.Tools.Tests.Doctor;

/// <summary>Models whose clips begin from images are looked at like others.</summary>
public sealed class CheckupTests(TinyEngine engine) : IDisposable
{
    private const int Threads = 2;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("wan2.1-i2v-14b-480p")]
    [InlineData("wan2.1-flf2v-14b")]
    public async Task LookAtModel_ThatNeedsImages_MeasuresAStep(string variant)
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

    /// <summary>Measuring the machine takes seconds, and is not what is tested.</summary>
    private void KeepRates(WanHost host)
    {
        using var store = host.OpenTunings();
        var rates = new Calibration
        {
            Measured = DateTimeOffset.UtcNow,
            Machine = "a machine",
            Threads = Threads,
            OnnxRuntime = engine.Runtime.Version,
            Products = 1e10,
            IntegerProducts = 1e10,
            WeightBytes = 1e10,
            Attention = 1e10,
            Convolutions = 1e10,
            MovedBytes = 1e10,
            Widened = Enum.GetValues<DType>().ToDictionary(type => type, _ => 1e9),
        };
        store.Put(new Calibrator(store, Threads, host.Options.Clock).KeyOf(engine.Runtime), Encoding.UTF8.GetBytes(rates.ToJson()));
    }
}
