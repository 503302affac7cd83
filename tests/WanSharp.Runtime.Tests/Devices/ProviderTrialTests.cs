using WanSharp.Graphs;
using WanSharp.Storage;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Runtime.Tests.Devices;

/// <summary>A provider is tried before its first use, and what came of it is remembered.</summary>
public sealed class ProviderTrialTests(RuntimeFixture fixture) : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ManualClock _clock = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void GraphOptionsFor_ADeviceOnItsFirstUse_TriesItAndRemembers()
    {
        var settings = WebGpu.Settings();
        var before = _clock.GetUtcNow();
        using var runtime = Open("one machine");
        Assert.Null(runtime.FindTrial(settings));

        var options = runtime.GraphOptionsFor(settings);

        using var another = Open("one machine");
        var trial = another.FindTrial(settings);
        Assert.NotNull(trial);
        Assert.InRange(trial.Error, 0, 1e-4);
        Assert.Equal((before, options.FusedAttention, options.Lowering), (trial.Tried, trial.FusedAttention, trial.Lowering));
        Assert.Equal(options.FusedAttention, trial.FusedError is null);
        using var elsewhere = Open("another machine");
        Assert.Null(elsewhere.FindTrial(settings));
        _clock.Advance(ProviderTrials.MaximumAge);
        Assert.Null(another.FindTrial(settings));
    }

    [Fact]
    public void GraphOptionsFor_TheProcessor_NeedsNoTrial()
    {
        Assert.Equal(Lowering.Fused, fixture.Runtime.GraphOptionsFor(new SessionSettings()).Lowering);

        Assert.Null(fixture.Runtime.FindTrial(new SessionSettings()));
    }

    [Theory]
    [InlineData(Lowering.Fused, DType.F32)]
    [InlineData(Lowering.Plain, DType.F32)]
    [InlineData(Lowering.Fused, DType.F16)]
    [InlineData(Lowering.Plain, DType.F16)]
    [InlineData(Lowering.Fused, DType.BF16)]
    [InlineData(Lowering.Plain, DType.BF16)]
    public void Compare_OnTheProcessor_AgreesWithItself(Lowering lowering, DType compute)
    {
        var settings = new SessionSettings { Name = "trial", Compute = compute };
        var options = fixture.Runtime.GraphOptionsFor(settings) with { Lowering = lowering };

        var result = BlockTrial.Compare(fixture.Runtime, settings, options, TimeProvider.System);

        Assert.True(result.IsRight, $"{result}");
        Assert.InRange(result.Limit, 1e-3, 0.1); // what was wrong was off by more
        Assert.InRange(result.Error, 0, compute == DType.F32 ? 1e-5 : result.Limit);
    }

    [Fact]
    public void FindTrial_OfAnotherType_IsAnotherTrial()
    {
        var settings = WebGpu.Settings();
        using var runtime = Open("one machine");

        runtime.GraphOptionsFor(settings);

        Assert.Equal(DType.F32, runtime.FindTrial(settings)?.Compute);
        Assert.Null(runtime.FindTrial(settings with { Compute = DType.BF16 }));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Difference_FromWhatIsNoNumber_IsInfinite(float value) =>
        Assert.Equal(double.PositiveInfinity, BlockTrial.Difference([1, 2], [1, value]));

    [Fact]
    public void Difference_IsInPartsOfTheLargestNumber() => Assert.Equal(0.25, BlockTrial.Difference([1, -4], [2, -4]));

    [Fact]
    public void FromJson_OfSomethingElse_IsNothing() => Assert.Null(ProviderTrial.FromJson("[1]"u8));

    private OrtRuntime Open(string machine) =>
        OrtRuntime.Create(
            new RuntimeOptions
            {
                LibraryPath = NodePackages.WebGpuLibrary,
                Trials = new TrialOptions
                {
                    Open = () => new ContentStore(_folder["trials"]),
                    Machine = machine,
                    Clock = _clock,
                },
            }
        );
}
