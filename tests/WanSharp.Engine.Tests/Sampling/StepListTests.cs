using WanSharp.Engine.Noise;
using WanSharp.Engine.Sampling;

namespace WanSharp.Engine.Tests.Sampling;

public class StepListTests
{
    [Theory]
    [InlineData("1,0.9,0.5", "sigmas", null)]
    [InlineData("1000,757,522", "timesteps", null)]
    [InlineData("0.3", "sigmas", null)]
    [InlineData("1,0.5,0.5", "sigmas", "0.5 follows 0.5")]
    [InlineData("0.5,1", "sigmas", "1 follows 0.5")]
    [InlineData("1,0.99999999", "sigmas", "0.99999999 follows 1")] // the same number in binary32
    [InlineData("1000,500", "sigmas", "--timesteps")]
    [InlineData("1.5,1", "sigmas", "up to 1")]
    [InlineData("1,0,0", "sigmas", "0 is not one of the sigmas")]
    [InlineData("1,-0.5", "sigmas", "-0.5 is not one of the sigmas")]
    [InlineData("1001,500", "timesteps", "up to 1000")]
    public void FindFault_NamesTheNumberThatIsWrong(string list, string field, string? expected)
    {
        Assert.True(NumberList.TryParse(list, null, out var numbers));

        var fault = StepLists.FindFault(Options(numbers, field));

        Assert.Equal(expected is null ? null : field, fault?.Field);
        Assert.Contains(expected ?? "", fault?.Message ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public void FindFault_ListsOfOtherLengths_AreRefused()
    {
        var options = Options(new NumberList([1, 0.5]), "sigmas");

        Assert.Equal("steps", StepLists.FindFault(options with { Steps = 3 })?.Field);
        Assert.Equal("timesteps", StepLists.FindFault(options with { Timesteps = new NumberList([1000]) })?.Field);
        Assert.Equal("sampler", StepLists.FindFault(options with { Kind = SamplerKind.DpmPlusPlusKarras })?.Field);
        Assert.Throws<ArgumentException>(() => Samplers.Create(options with { Steps = 3 }));
    }

    [Fact]
    public void WithoutEnd_TakesTheZeroOff_ThatOtherProgramsWrite()
    {
        Assert.Equal(new NumberList([1, 0.5]), StepLists.WithoutEnd(new NumberList([1, 0.5, 0])));
        Assert.Equal(new NumberList([0]), StepLists.WithoutEnd(new NumberList([0])));
        Assert.Null(StepLists.WithoutEnd(null));
    }

    [Fact]
    public void Create_ByTheListOfAShift_IsTheSameWalk()
    {
        foreach (var kind in new[] { SamplerKind.UniPc, SamplerKind.DpmPlusPlus, SamplerKind.Euler, SamplerKind.Lcm })
        {
            var even = Samplers.Create(kind, 5, 3);
            var given = Samplers.Create(
                new SamplerOptions
                {
                    Kind = kind,
                    Steps = 5,
                    Sigmas = new NumberList(even.Sigmas[..5].ToArray().Select(sigma => (double)sigma)),
                    Timesteps = new NumberList(even.Timesteps.ToArray().Select(timestep => (double)timestep)),
                }
            );

            Assert.Equal(even.Sigmas.ToArray(), given.Sigmas.ToArray());
            Assert.Equal(even.Timesteps.ToArray(), given.Timesteps.ToArray());
        }
    }

    [Fact]
    public void Create_Timesteps_AreToldToTheNetworkAsTheyAre()
    {
        var sampler = Samplers.Create(
            new SamplerOptions
            {
                Kind = SamplerKind.UniPc,
                Steps = 2,
                Timesteps = new NumberList([999.5, 250]),
            }
        );

        Assert.Equal([999.5f, 250], sampler.Timesteps.ToArray());
        Assert.Equal([0.9995f, 0.25f, 0], sampler.Sigmas.ToArray());
    }

    [Theory]
    [InlineData(SamplerKind.Lcm)]
    [InlineData(SamplerKind.EulerAncestral)]
    [InlineData(SamplerKind.Rcm)]
    public void Advance_FreshNoise_IsAFunctionOfSeedAndStep(SamplerKind kind)
    {
        var walk = Walk(seed: 7, kind);

        Assert.Equal(walk, Walk(seed: 7, kind));
        Assert.NotEqual(walk, Walk(seed: 8, kind));

        var noise = new float[2];
        new NoiseGenerator(7, Stream: 1).Fill(noise);
        var sampler = Make(7, SamplerKind.Lcm);
        var latents = new float[2];
        sampler.Advance(new float[2], latents);
        Assert.Equal(noise.Select(value => value * sampler.Sigmas[1]), latents);
    }

    private static float[] Walk(ulong seed, SamplerKind kind)
    {
        var (sampler, latents) = (Make(seed, kind), new float[] { 1, -1 });
        while (sampler.NextStep < sampler.StepCount - 1)
        {
            sampler.Advance(new float[2], latents);
        }

        return latents;
    }

    private static ISampler Make(ulong seed, SamplerKind kind) =>
        Samplers.Create(
            new SamplerOptions
            {
                Kind = kind,
                Steps = 3,
                Seed = seed,
            }
        );

    private static SamplerOptions Options(NumberList list, string field) =>
        new()
        {
            Kind = SamplerKind.Euler,
            Steps = list.Count,
            Sigmas = field == "sigmas" ? list : null,
            Timesteps = field == "timesteps" ? list : null,
        };
}
