using System.Globalization;
using WanSharp.Engine.Sampling;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests.Sampling;

public class SchedulerFixtureTests
{
    /// <summary>Two units in the last place of a sigma near 1.</summary>
    private const float SigmaTolerance = 1.2e-7f;

    /// <summary>Four times what the official trajectories move when their coefficients are computed in binary64.</summary>
    private const float TrajectoryTolerance = 2e-5f;

    public static TheoryData<SamplerKind, string, int, double> Cases()
    {
        var cases = new TheoryData<SamplerKind, string, int, double>();
        foreach (
            var (kind, name) in new[] { (SamplerKind.UniPc, "unipc"), (SamplerKind.DpmPlusPlus, "dpmpp"), (SamplerKind.Euler, "euler") }
        )
        {
            foreach (var steps in new[] { 4, 8, 20, 50 })
            {
                foreach (var shift in new[] { 1.0, 3.0, 5.0, 8.0, 12.0 })
                {
                    cases.Add(kind, name, steps, shift);
                }
            }
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Advance_FollowsTheOfficialTrajectory(SamplerKind kind, string name, int steps, double shift)
    {
        using var fixture = Fixture.Open("schedulers");
        var key = string.Create(CultureInfo.InvariantCulture, $"{name}.s{steps}.h{shift}");
        var sampler = Samplers.Create(kind, steps, shift);

        AssertClose(fixture.Get($"{key}.sigmas").Read<float>(), sampler.Sigmas, SigmaTolerance);
        if (kind == SamplerKind.Euler)
        {
            AssertClose(fixture.Get($"{key}.timesteps").Read<float>(), sampler.Timesteps, 1e-4f); // σ·1000 of rounded sigmas
        }
        else
        {
            Assert.Equal(fixture.Get($"{key}.timesteps").Read<long>().ToArray(), sampler.Timesteps.ToArray().Select(t => (long)t));
        }

        var trajectory = fixture.Get($"{key}.x");
        var x = trajectory.Slice(0, 1).Read<float>().ToArray();
        for (var step = 0; step < steps; step++)
        {
            sampler.Advance(Velocity(x, sampler.Timesteps[step]), x);
            AssertClose(trajectory.Slice(step + 1, 1).Read<float>(), x, TrajectoryTolerance);
        }

        Assert.Equal(steps, sampler.NextStep);
    }

    /// <summary>The fake network of the fixture's config.json.</summary>
    internal static float[] Velocity(float[] x, float timestep) =>
        [.. x.Select(value => (MathF.Sin((3 * value) + (timestep / 1000)) * 0.7f) + (0.1f * value))];

    private static void AssertClose(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, float tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], actual[i], tolerance);
        }
    }
}
