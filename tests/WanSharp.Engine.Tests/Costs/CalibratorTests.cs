using WanSharp.Engine.Costs;
using WanSharp.Storage;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests.Costs;

public sealed class CalibratorTests(TinyEngine engine) : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ManualClock _clock = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void FindOrMeasure_MeasuresOnce_AndAgainWhenItIsOld()
    {
        using var store = new ContentStore(_folder.Path, clock: _clock);
        var calibrator = new Calibrator(store, threads: 2, _clock)
        {
            Effort = new ProbeEffort
            {
                Repetitions = 1,
                Rows = 128,
                LatentSide = 2,
            },
        };

        Assert.Null(calibrator.Find(engine.Runtime));
        var faster = CostModelTests.Machine with { Measured = _clock.Now, Products = 1e18, Attention = 1e18 };
        store.Put(calibrator.KeyOf(engine.Runtime), System.Text.Encoding.UTF8.GetBytes(faster.ToJson()));
        Assert.Equal(faster.ToJson(), calibrator.FindOrMeasure(engine.Runtime, cancellationToken: Token).ToJson());

        var measured = calibrator.FindOrMeasure(engine.Runtime, again: true, cancellationToken: Token);

        Assert.True(measured.Products < faster.Products / 2 && measured.Attention < faster.Attention / 2); // it may become slower
        Assert.Equal(measured.ToJson(), calibrator.FindOrMeasure(engine.Runtime, cancellationToken: Token).ToJson());
        Assert.Null(new Calibrator(store, threads: 1, _clock).Find(engine.Runtime)); // another number of threads is another speed
        _clock.Now += Calibrator.MaximumAge;
        Assert.Null(calibrator.Find(engine.Runtime));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[1]")]
    public void FromJson_OfOtherJson_IsNone(string json) => Assert.Null(Calibration.FromJson(System.Text.Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void FromJson_OfARateThatIsNone_IsNone()
    {
        var json = (CostModelTests.Machine with { Products = 0 }).ToJson();

        Assert.Null(Calibration.FromJson(System.Text.Encoding.UTF8.GetBytes(json)));
        Assert.NotNull(Calibration.FromJson(System.Text.Encoding.UTF8.GetBytes(CostModelTests.Machine.ToJson())));
    }

    private sealed class ManualClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 11, 22, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
