using WanSharp.Runtime;
using WanSharp.Tensors;
using WanSharp.Testing;
using WanSharp.Tools.Selftest;

namespace WanSharp.Tools.Tests.Selftest;

/// <summary>All shipped fixtures in narrow types, within what rounding explains.</summary>
public sealed class PrecisionSelftestTests(TinyEngine engine)
{
    [Theory]
    [InlineData(DType.F16)]
    [InlineData(DType.BF16)]
    public async Task Run_OfTheShippedFixtures_InANarrowType_PassesAll(DType compute)
    {
        var results = await FixtureRunner
            .RunAsync(
                Path.Combine(AppContext.BaseDirectory, "fixtures"),
                engine.Runtime,
                new SessionSettings { Compute = compute },
                TestContext.Current.CancellationToken
            )
            .ToListAsync(TestContext.Current.CancellationToken);

        Assert.All(results, result => Assert.True(result.Passed, $"{result.Name}: {result.Problem} {result.Worst}"));
        Assert.Contains(
            results.SelectMany(result => result.Comparisons),
            comparison => comparison.MaximumError > 10 * new FixtureLimits().Transformer // it is not F32
        );
    }

    [Fact]
    public void For_ValuesThatWereRounded_GrowsWithTheirMagnitudeAndTheRoundings()
    {
        var limit = new NumberLimit(1e-5) { Compute = DType.F16 };

        Assert.Equal(1e-5, limit.For(magnitude: 100, count: 1000));
        Assert.Equal(2 * (limit.After(4).For(1, 1000) - 1e-5), limit.After(4).For(2, 1000) - 1e-5, 1e-12);
        Assert.Equal(2 * (limit.After(1).For(1, 1000) - 1e-5), limit.After(4).For(1, 1000) - 1e-5, 1e-12);
    }
}
