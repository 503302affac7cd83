using System.Globalization;
using WanSharp.Engine.Sampling;
using WanSharp.Tensors;

namespace WanSharp.Tools.Selftest;

/// <summary>Follows whole trajectories of the original samplers, with the fixture's formula for a velocity.</summary>
internal sealed class SamplerCheck : IFixtureCheck
{
    private static readonly (string Name, SamplerKind Kind)[] Solvers =
    [
        ("unipc", SamplerKind.UniPc),
        ("dpmpp", SamplerKind.DpmPlusPlus),
        ("euler", SamplerKind.Euler),
    ];

    public bool Handles(Fixture fixture) => fixture.Kind == "schedulers";

    public Task<IReadOnlyList<Comparison>> RunAsync(Fixture fixture, SelftestContext context, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<Comparison>>([.. Compare(fixture, cancellationToken)]);

    private static IEnumerable<Comparison> Compare(Fixture fixture, CancellationToken cancellationToken)
    {
        foreach (var (name, kind) in Solvers)
        {
            foreach (var steps in fixture.Config.GetProperty("steps").EnumerateArray().Select(value => value.GetInt32()))
            {
                foreach (var shift in fixture.Config.GetProperty("shifts").EnumerateArray().Select(value => value.GetDouble()))
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    var key = string.Create(CultureInfo.InvariantCulture, $"{name}.s{steps}.h{shift}");
                    var sampler = Samplers.Create(kind, steps, shift);
                    yield return Timesteps($"{key}.timesteps", sampler, fixture[$"{key}.timesteps"]);
                    yield return Comparison.Of(
                        $"{key}.sigmas",
                        sampler.Sigmas,
                        fixture[$"{key}.sigmas"].Read<float>(),
                        FixtureLimits.Sigmas
                    );
                    yield return Trajectory($"{key}.x", sampler, fixture[$"{key}.x"]);
                }
            }
        }
    }

    private static Comparison Timesteps(string name, ISampler sampler, Tensor expected)
    {
        if (expected.DType == DType.F32)
        {
            return Comparison.Of(name, sampler.Timesteps, expected.Read<float>(), FixtureLimits.EulerTimesteps);
        }

        var timesteps = new long[sampler.Timesteps.Length];
        for (var i = 0; i < timesteps.Length; i++)
        {
            timesteps[i] = (long)sampler.Timesteps[i];
        }

        return Comparison.Exact(name, timesteps, expected.Read<long>());
    }

    /// <param name="name">The trajectory's name.</param>
    /// <param name="sampler">The sampler, at its first step.</param>
    /// <param name="expected"><c>[steps + 1, 1, …]</c>: the noise, then the latents after each step.</param>
    internal static Comparison Trajectory(string name, ISampler sampler, Tensor expected)
    {
        var x = expected.Slice(0, 1).Read<float>().ToArray();
        var actual = new float[expected.Shape.ElementCount];
        var velocity = new float[x.Length];
        x.CopyTo(actual, 0);
        for (var step = 0; step < sampler.StepCount; step++)
        {
            var t = sampler.Timesteps[step];
            for (var i = 0; i < x.Length; i++)
            {
                velocity[i] = (MathF.Sin((3 * x[i]) + (t / 1000)) * 0.7f) + (0.1f * x[i]);
            }

            sampler.Advance(velocity, x);
            x.CopyTo(actual, (step + 1) * x.Length);
        }

        return Comparison.Of(name, actual, expected.Read<float>(), FixtureLimits.SamplerTrajectory);
    }
}
