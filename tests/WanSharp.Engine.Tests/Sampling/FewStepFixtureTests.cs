using System.Text.Json;
using WanSharp.Engine.Sampling;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests.Sampling;

/// <summary>Walks of few steps, against those that the original code of distilled models made with this program's noise.</summary>
public class FewStepFixtureTests
{
    /// <summary>Two units in the last place of a sigma near 1.</summary>
    private const float SigmaTolerance = 1.2e-7f;

    private const float TimestepTolerance = 1e-4f; // σ·1000 of rounded sigmas
    private const float TrajectoryTolerance = 2e-5f;

    public static TheoryData<string> Walks()
    {
        using var config = Config();
        return [.. config.RootElement.GetProperty("walks").EnumerateArray().Select(walk => walk.GetProperty("name").GetString()!)];
    }

    [Theory]
    [MemberData(nameof(Walks))]
    public void Advance_FollowsTheOriginalWalk(string name)
    {
        using var fixture = Fixture.Open("few-step-samplers");
        using var config = Config();
        var walk = config.RootElement.GetProperty("walks").EnumerateArray().First(walk => walk.GetProperty("name").GetString() == name);
        var sampler = Create(walk, config.RootElement.GetProperty("seed").GetUInt64());

        AssertClose(fixture.Get($"{name}.sigmas").Read<float>(), sampler.Sigmas, SigmaTolerance);
        AssertClose(fixture.Get($"{name}.timesteps").Read<float>(), sampler.Timesteps, TimestepTolerance);
        var expected = fixture.Get($"{name}.x");
        var x = expected.Slice(0, 1).Read<float>().ToArray();
        for (var step = 0; step < sampler.StepCount; step++)
        {
            sampler.Advance(SchedulerFixtureTests.Velocity(x, sampler.Timesteps[step]), x);
            AssertClose(expected.Slice(step + 1, 1).Read<float>(), x, TrajectoryTolerance);
        }
    }

    [Fact]
    public void NoiseScale_OfRcm_IsItsFirstTime()
    {
        Assert.Equal(80f / 81, Samplers.Create(SamplerKind.Rcm, 4, 1).NoiseScale, SigmaTolerance);
        Assert.Equal(1, Samplers.Create(SamplerKind.Lcm, 4, 5).NoiseScale);
    }

    private static ISampler Create(JsonElement walk, ulong seed)
    {
        Assert.True(Samplers.TryParse(walk.GetProperty("sampler").GetString()!, out var kind, out _));
        var (sigmas, timesteps) = (List("sigmas"), List("timesteps"));
        return Samplers.Create(
            new SamplerOptions
            {
                Kind = kind,
                Steps = walk.TryGetProperty("steps", out var steps) ? steps.GetInt32() : (sigmas ?? timesteps)!.Count,
                Shift = walk.TryGetProperty("shift", out var shift) ? shift.GetDouble() : 1,
                Seed = seed,
                Sigmas = sigmas,
                Timesteps = timesteps,
            }
        );

        NumberList? List(string name) =>
            walk.TryGetProperty(name, out var list) ? new NumberList(list.EnumerateArray().Select(number => number.GetDouble())) : null;
    }

    private static JsonDocument Config() =>
        JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "fixtures", "few-step-samplers", "config.json")));

    private static void AssertClose(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, float tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], actual[i], tolerance);
        }
    }
}
