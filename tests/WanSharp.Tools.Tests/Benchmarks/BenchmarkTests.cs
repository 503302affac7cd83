using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;
using WanSharp.Testing;
using WanSharp.Tools.Benchmarks;

namespace WanSharp.Tools.Tests.Benchmarks;

/// <summary>Benchmarks of the smallest shape: what they report, not how fast it is.</summary>
public sealed class BenchmarkTests : IDisposable
{
    private readonly TemporaryFolder _cache = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _cache.Dispose();

    [Theory]
    [InlineData(BenchmarkSubject.Dit, CompileMode.Blocks, "dit shapes 1 layers 32x32x1 f32 blocks cpu")]
    [InlineData(BenchmarkSubject.Dit, CompileMode.Whole, "dit shapes 1 layers 32x32x1 f32 whole cpu")]
    [InlineData(BenchmarkSubject.Vae, CompileMode.Blocks, "vae shapes 1 layers 32x32x1 f32 cpu")]
    [InlineData(BenchmarkSubject.Text, CompileMode.Blocks, "text shapes 1 layers f32 cpu")]
    public async Task RunAsync_OfEachNetwork_ReportsIt(BenchmarkSubject subject, CompileMode mode, string workload)
    {
        using var runtime = OrtRuntime.Create(new RuntimeOptions { Threads = 1 });
        var options = Options(subject) with { Mode = mode };

        var report = await new Benchmark(runtime, threads: 1, TimeProvider.System).RunAsync(options, cancellationToken: Token);

        Assert.Equal(workload, report.Workload);
        Assert.Equal(1, report.Forward.Runs);
        Assert.True(report.Operations > 1e6, $"{report.Operations} operations");
        Assert.True(report.PeakOperationsPerSecond > 0 && report.StartToFirst > 0);
        Assert.InRange(report.Operators.Sum(one => one.Share), 8.0 / 32, 1 + 1e-6); // the eight largest of at most 32 kinds
        Assert.Contains(report.Operators, one => one.Operator is "Gemm" or "Conv");
    }

    [Fact]
    public async Task RunAsync_OfTwoExperts_ReportsTheirStepsAndChanges()
    {
        using var runtime = OrtRuntime.Create(new RuntimeOptions { Threads = 1 });

        var report = await new ExpertBenchmark(runtime).RunAsync(
            Options(BenchmarkSubject.Dit) with
            {
                Weights = Tensors.DType.BF16,
                Runs = 3,
            },
            cancellationToken: Token
        );

        Assert.Equal("experts shapes of 1 layers 32x32x1 bf16", report.Workload);
        Assert.Equal((3, 3), (report.Step.Runs, report.SwitchStep.Runs));
        Assert.True(report.Step.Minimum > 0 && report.SwitchStep.Minimum > 0 && report.CheckpointBytes > 1000);
        Assert.Equal(report.SwitchStep.Median, report.Step.Median * (1 + report.SwitchShare), 1e-9);
    }

    [Theory]
    [InlineData(BenchmarkSubject.Dit)]
    [InlineData(BenchmarkSubject.Vae)]
    [InlineData(BenchmarkSubject.Text)]
    public async Task RunAsync_WithThePeer_FindsThatTheyAgree(BenchmarkSubject subject)
    {
        const double Tolerance = 1e-4; // of the largest value: F32 sums in other orders, through a softmax
        using var runtime = OrtRuntime.Create(new RuntimeOptions { Threads = 1 });
        var options = Options(subject) with
        {
            Frames = 5,
            TextTokens = 7,
            PeerPython = Environment.GetEnvironmentVariable("WAN_PYTHON") ?? "python3",
        };
        PeerReport? peer;
        try
        {
            peer = (await new Benchmark(runtime, threads: 1, TimeProvider.System).RunAsync(options, cancellationToken: Token)).Peer;
        }
        catch (BenchmarkException e) when (e.Message.Contains("WAN_PYTHON", StringComparison.Ordinal))
        {
            Assert.Skip(e.Message);
            return;
        }

        Assert.InRange(peer!.F32Difference.Relative, 0, Tolerance);
        Assert.InRange(peer.BF16Difference.Relative, Tolerance, 1); // it does compute in BF16
        Assert.Equal(1, peer.F32.Runs);
    }

    [Theory]
    [InlineData(30, 32, 1)]
    [InlineData(32, 0, 1)]
    [InlineData(32, 32, 4)]
    public async Task RunAsync_OfNoClip_SaysWhichAre(int width, int height, int frames)
    {
        using var runtime = OrtRuntime.Create();
        var options = Options(BenchmarkSubject.Dit) with { Width = width, Height = height, Frames = frames };

        var error = await Assert.ThrowsAsync<InvalidRequestException>(() =>
            new Benchmark(runtime, 1, TimeProvider.System).RunAsync(options, cancellationToken: Token)
        );

        Assert.Contains("a multiple of 16", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_WithoutThePeersPython_SaysHowToGetIt()
    {
        using var runtime = OrtRuntime.Create();
        var options = Options(BenchmarkSubject.Text) with { PeerPython = "python-that-is-not-there" };

        var error = await Assert.ThrowsAsync<BenchmarkException>(() =>
            new Benchmark(runtime, 1, TimeProvider.System).RunAsync(options, cancellationToken: Token)
        );

        Assert.Contains("WAN_PYTHON", error.Message, StringComparison.Ordinal);
    }

    private BenchmarkOptions Options(BenchmarkSubject subject) =>
        new()
        {
            Subject = subject,
            Shape = "shapes",
            Width = 32,
            Height = 32,
            Frames = 1,
            Layers = 1,
            Runs = 1,
            CacheFolder = _cache.Path,
        };
}
