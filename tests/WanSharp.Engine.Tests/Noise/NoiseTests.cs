using System.Runtime.InteropServices;
using System.Security.Cryptography;
using WanSharp.Engine.Noise;

namespace WanSharp.Engine.Tests.Noise;

public class NoiseTests
{
    /// <summary>The published known answers: DEShawResearch/random123:tests/kat_vectors, philox4x32 10.</summary>
    [Theory]
    [InlineData(0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8)]
    [InlineData(0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd)]
    [InlineData(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1)]
    public void Philox_GivesThePublishedAnswers(uint c0, uint c1, uint c2, uint c3, uint k0, uint k1, uint x0, uint x1, uint x2, uint x3) =>
        Assert.Equal(new Philox.Block(x0, x1, x2, x3), Philox.Generate(new Philox.Block(c0, c1, c2, c3), k0, k1));

    /// <summary>√2·erf⁻¹((w + ½)/2³¹ − 1), computed with 40 digits and rounded to binary32.</summary>
    [Theory]
    [InlineData(0x00000000, 0xc0cad08d)]
    [InlineData(0x00000001, 0xc0c55364)]
    [InlineData(0x000003e8, 0xc0a14676)]
    [InlineData(0x0fffffff, 0xbfc45e10)]
    [InlineData(0x12345678, 0xbfbbd932)]
    [InlineData(0x13333332, 0xbfb84291)]
    [InlineData(0x13333334, 0xbfb84291)]
    [InlineData(0x40000000, 0xbf2cab5c)]
    [InlineData(0x7fffffff, 0xafa06c99)]
    [InlineData(0x80000000, 0x2fa06c99)]
    [InlineData(0x80000001, 0x3070a2e5)]
    [InlineData(0x9e3779b9, 0x3e99c3ba)]
    [InlineData(0xdeadbeef, 0x3f90149a)]
    [InlineData(0xec000000, 0x3fb57a60)]
    [InlineData(0xffffffff, 0x40cad08d)]
    public void StandardNormal_IsTheTrueQuantileRounded(uint word, uint expected) =>
        Assert.Equal(expected, BitConverter.SingleToUInt32Bits(StandardNormal.FromWord(word)));

    [Fact]
    public void Log_AgreesWithTheLibraryToTheLastBits()
    {
        const double FourUnits = 4 * 2.3e-16;
        for (var x = 1.2e-10; x < 0.5; x *= 1.0173)
        {
            Assert.Equal(1, StandardNormal.Log(x) / Math.Log(x), FourUnits);
        }
    }

    /// <summary>Computed by another program, with its own Philox and another quantile function: see docs/noise.md.</summary>
    [Fact]
    public void Fill_GivesTheBytesOfTheSpecification()
    {
        AssertBits(
            [0x3e92f728, 0xbda16e33, 0xbfb9dfa1, 0xbed1fa53, 0x400fe2b3, 0xbee5650f, 0x3d0ece30, 0xbdeb0a09],
            Values(new NoiseGenerator(42), 0, 8)
        );
        AssertBits([0xbf6f05d4, 0xbec8d2b6, 0x3e18ae8b, 0xbeb7dfec], Values(new NoiseGenerator(0xfedcba9876543210, 7), (1L << 40) + 3, 4));

        var hash = SHA256.HashData(MemoryMarshal.AsBytes<float>(Values(new NoiseGenerator(2026, 1), 0, 65536)));
        Assert.Equal("eece3aeac7228e650f0073fc7f40017a2a98d9c60d7954f1d3777eaec8e37878", Convert.ToHexStringLower(hash));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(1000)]
    public void Fill_InPartsOnManyThreads_GivesTheSameBytes(int part)
    {
        const int Length = 4099;
        var noise = new NoiseGenerator(7, 3);
        var whole = Values(noise, 5, Length);
        var parts = new float[Length];
        Parallel.For(
            0,
            (Length + part - 1) / part,
            i =>
            {
                var from = i * part;
                noise.Fill(parts.AsSpan(from, Math.Min(part, Length - from)), 5 + from);
            }
        );
        Assert.Equal(whole, parts);
    }

    [Fact]
    public void Fill_OtherSeedOrStream_GivesOtherNoise()
    {
        var values = Values(new NoiseGenerator(1), 0, 64);
        Assert.Empty(values.Intersect(Values(new NoiseGenerator(2), 0, 64)));
        Assert.Empty(values.Intersect(Values(new NoiseGenerator(1, 1), 0, 64)));
        Assert.Empty(values.Intersect(Values(new NoiseGenerator(1UL << 32), 0, 64)));
    }

    [Fact]
    public void Fill_NegativeStart_Throws() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new NoiseGenerator(1).Fill(new float[1], -1));

    [Fact]
    public void Fill_HasTheMomentsOfTheNormalDistribution()
    {
        const int Count = 200_000;
        const double FiveSigma = 5; // the seed is fixed, so this cannot flicker; five standard errors are no bad luck
        var values = Values(new NoiseGenerator(1234), 0, Count);
        AssertMean(values.Select(v => (double)v), 0, variance: 1);
        AssertMean(values.Select(v => Math.Pow(v, 2)), 1, variance: 2);
        AssertMean(values.Select(v => Math.Pow(v, 3)), 0, variance: 15);
        AssertMean(values.Select(v => Math.Pow(v, 4)), 3, variance: 96);
        AssertMean(values.Zip(values.Skip(1), (left, right) => (double)left * right), 0, variance: 1);

        static void AssertMean(IEnumerable<double> sample, double mean, double variance) =>
            Assert.Equal(mean, sample.Average(), FiveSigma * Math.Sqrt(variance / Count));
    }

    [Fact]
    public void Fill_PassesTheKolmogorovSmirnovTest()
    {
        const int Count = 50_000;
        const double OnePercentLevel = 1.63;
        var values = Values(new NoiseGenerator(99), 0, Count);
        Array.Sort(values);
        var distance = 0.0;
        for (var i = 0; i < Count; i++)
        {
            var probability = NormalProbability(values[i]);
            distance = Math.Max(distance, Math.Max(probability - ((double)i / Count), ((i + 1.0) / Count) - probability));
        }

        Assert.InRange(distance * Math.Sqrt(Count), 0, OnePercentLevel);
    }

    /// <summary>Φ(x) by Marsaglia's series ½ + φ(x)·(x + x³/3 + x⁵/15 + …).</summary>
    private static double NormalProbability(double x)
    {
        double sum = x,
            term = x;
        for (var i = 3; Math.Abs(term) > 1e-17 * Math.Abs(sum); i += 2)
        {
            sum += term *= x * x / i;
        }

        return 0.5 + (sum * Math.Exp(-0.5 * x * x) / Math.Sqrt(2 * Math.PI));
    }

    private static float[] Values(NoiseGenerator noise, long start, int count)
    {
        var values = new float[count];
        noise.Fill(values, start);
        return values;
    }

    private static void AssertBits(uint[] expected, float[] actual) =>
        Assert.Equal(expected, actual.Select(BitConverter.SingleToUInt32Bits));
}
