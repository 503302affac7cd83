using WanSharp.Engine.Sampling;

namespace WanSharp.Engine.Tests.Sampling;

public class SamplersTests
{
    public static TheoryData<SamplerKind> Kinds() => [.. Enum.GetValues<SamplerKind>()];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void TryParse_TheNameOfEachKind_FindsIt(SamplerKind kind)
    {
        Assert.True(Samplers.TryParse(Samplers.NameOf(kind).ToUpperInvariant(), out var found, out _));
        Assert.Equal(kind, found);
    }

    [Theory]
    [InlineData("uni-pc", "There is no sampler 'uni-pc': choose {0}. Did you mean unipc?")]
    [InlineData("dpm++ karras", "There is no sampler 'dpm++ karras': choose {0}. Did you mean dpm++-karras?")]
    [InlineData("heun3000xyz", "There is no sampler 'heun3000xyz': choose {0}.")]
    public void TryParse_UnknownName_ListsAllAndTheNearest(string name, string expected)
    {
        Assert.False(Samplers.TryParse(name, out _, out var error));
        Assert.Equal(expected.Replace("{0}", string.Join(", ", Samplers.Names), StringComparison.Ordinal), error);
    }

    [Theory]
    [InlineData(0, 5)]
    [InlineData(1001, 5)]
    [InlineData(20, 0)]
    [InlineData(20, -1)]
    [InlineData(20, 101)]
    [InlineData(20, double.NaN)]
    public void Create_OutOfRange_Throws(int steps, double shift) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Samplers.Create(SamplerKind.UniPc, steps, shift));

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Create_AtTheEndsOfTheRanges_SigmasDecreaseAndLatentsStayFinite(SamplerKind kind)
    {
        foreach (var steps in new[] { 1, 2, 3, Samplers.MaxSteps })
        {
            foreach (var shift in new[] { Samplers.MinShift, 1, Samplers.MaxShift })
            {
                var sampler = Make(kind, steps, shift);
                float[] x = [1.5f, -0.25f, 0];
                for (var step = 0; step < steps; step++)
                {
                    Assert.True(sampler.Sigmas[step] > sampler.Sigmas[step + 1]);
                    sampler.Advance(SchedulerFixtureTests.Velocity(x, sampler.Timesteps[step]), x);
                    Assert.All(x, value => Assert.InRange(value, -10, 10));
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Advance_StraightPath_ArrivesAtItsEnd(SamplerKind kind)
    {
        // v = noise − clean is constant along a straight path, which every order follows without an error of its own. A sampler
        // that adds noise leaves one path for another, to the same end.
        const float Noise = 0.8f,
            Clean = -0.3f,
            Rounding = 1e-5f;
        var sampler = Make(kind, 20, 5);
        var start = sampler.Sigmas[0];
        float[] x = [(start * Noise) + ((1 - start) * Clean)];
        while (sampler.NextStep < sampler.StepCount)
        {
            sampler.Advance([AddsNoise(kind) ? (x[0] - Clean) / sampler.Sigmas[sampler.NextStep] : Noise - Clean], x);
        }

        Assert.Equal(Clean, x[0], Rounding);
    }

    [Fact]
    public void Karras_RespacesTheShiftedSigmasBetweenTheirEnds()
    {
        const float Rounding = 1e-6f; // a seventh root and a power
        var even = Samplers.Create(SamplerKind.DpmPlusPlus, 20, 5);
        var karras = Samplers.Create(SamplerKind.DpmPlusPlusKarras, 20, 5);
        Assert.Equal(even.Sigmas[0], karras.Sigmas[0]);
        Assert.Equal(even.Sigmas[19], karras.Sigmas[19], Rounding);

        // (1 + 10/19·(s^(1/7) − 1))⁷ with s = 5/24, the last shifted sigma, by an arbitrary-precision calculator.
        Assert.Equal(0.457632072f, karras.Sigmas[10], Rounding);
        Assert.Equal(457, karras.Timesteps[10]);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Restore_InTheMiddle_GoesOnWithTheSameBits(SamplerKind kind)
    {
        const int Steps = 7;
        for (var stop = 0; stop <= Steps; stop++)
        {
            var sampler = Make(kind, Steps, 5);
            float[] x = [1.5f, -0.25f, 0.125f];
            Run(sampler, x, stop);
            var state = sampler.Save();
            var resumed = (float[])x.Clone();
            Run(sampler, x, Steps);

            var other = Make(kind, Steps, 5);
            other.Restore(state);
            Run(other, resumed, Steps);
            Assert.Equal(x, resumed);
        }
    }

    [Fact]
    public void Restore_ForeignState_Throws()
    {
        var uniPc = Samplers.Create(SamplerKind.UniPc, 4, 5);
        Run(uniPc, [1f], 2);
        var state = uniPc.Save();
        Assert.Throws<ArgumentException>(() => Samplers.Create(SamplerKind.Euler, 4, 5).Restore(state));
        Assert.Throws<ArgumentException>(() => Samplers.Create(SamplerKind.UniPc, 1, 5).Restore(state));
        Assert.Throws<ArgumentException>(() => uniPc.Restore(state with { NextStep = -1 }));
        Assert.Throws<ArgumentException>(() =>
            uniPc.Restore(
                state with
                {
                    History =
                    [
                        [1],
                        [1, 2],
                        [1],
                    ],
                }
            )
        );
    }

    [Fact]
    public void Advance_WrongLengthOrTooOften_Throws()
    {
        var sampler = Samplers.Create(SamplerKind.UniPc, 2, 5);
        var (one, two) = (new float[1], new float[2]);
        Assert.Throws<ArgumentException>(() => sampler.Advance(one, two));
        sampler.Advance(one, one);
        Assert.Throws<ArgumentException>(() => sampler.Advance(two, two));
        sampler.Advance(one, one);
        Assert.Throws<InvalidOperationException>(() => sampler.Advance(one, one));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Advance_AfterTheFirstStep_AllocatesNothing(SamplerKind kind)
    {
        var sampler = Make(kind, 8, 5);
        var (x, velocity) = (new float[4096], new float[4096]);
        Run(sampler, x, 3);
        var before = GC.GetAllocatedBytesForCurrentThread();
        sampler.Advance(velocity, x);
        sampler.Advance(velocity, x);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    /// <summary>Whether another seed leads elsewhere.</summary>
    private static bool AddsNoise(SamplerKind kind) => FirstStep(kind, seed: 1) != FirstStep(kind, seed: 2);

    private static float FirstStep(SamplerKind kind, ulong seed)
    {
        var options = new SamplerOptions
        {
            Kind = kind,
            Steps = 2,
            Shift = 5,
            Seed = seed,
        };
        float[] x = [1];
        Samplers.Create(options).Advance([0.5f], x);
        return x[0];
    }

    /// <summary>A sampler of any number of steps; rCM, which knows few of its own, by a list.</summary>
    private static ISampler Make(SamplerKind kind, int steps, double shift) =>
        steps <= Samplers.MostSteps(kind)
            ? Samplers.Create(kind, steps, shift)
            : Samplers.Create(
                new SamplerOptions
                {
                    Kind = kind,
                    Steps = steps,
                    Sigmas = new NumberList(
                        Samplers.Create(SamplerKind.Euler, steps, shift).Sigmas[..steps].ToArray().Select(sigma => (double)sigma)
                    ),
                }
            );

    private static void Run(ISampler sampler, float[] x, int until)
    {
        while (sampler.NextStep < until)
        {
            sampler.Advance(SchedulerFixtureTests.Velocity(x, sampler.Timesteps[sampler.NextStep]), x);
        }
    }

    /// <summary>Where the velocity always points at the same clean latents, every step leads there, however the walk begins.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Begin_AtALaterStep_LeadsToTheCleanLatentsWithoutAMemory(SamplerKind kind)
    {
        const float Clean = 0.3f;
        const float Rounding = 1e-4f; // of some products in binary32
        var sampler = Make(kind, 10, 5);
        sampler.Begin(4);
        var latents = new[] { 1f, -2f };
        while (sampler.NextStep < sampler.StepCount)
        {
            if (sampler.NextStep == 6)
            {
                var state = sampler.Save();
                sampler = Make(kind, 10, 5);
                sampler.Restore(state);
            }

            var sigma = sampler.Sigmas[sampler.NextStep];
            sampler.Advance([.. latents.Select(x => (x - Clean) / sigma)], latents);
        }

        Assert.All(latents, x => Assert.Equal(Clean, x, Rounding));
        Assert.Throws<ArgumentOutOfRangeException>(() => sampler.Begin(10));
        Assert.Throws<ArgumentException>(() => sampler.Restore(new SamplerState(3, [], FirstStep: 4)));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Begin_AtTheFirstStep_IsTheUsualWalk(SamplerKind kind)
    {
        Assert.Equal(Walk(begin: false), Walk(begin: true));

        float[] Walk(bool begin)
        {
            var sampler = Make(kind, 6, 3);
            if (begin)
            {
                sampler.Begin(0);
            }

            var latents = new[] { 1f, -2f };
            while (sampler.NextStep < sampler.StepCount)
            {
                sampler.Advance([.. latents.Select(x => MathF.Sin(x) + sampler.Sigmas[sampler.NextStep])], latents);
            }

            return latents;
        }
    }
}
