using System.Text.Json;
using WanSharp.Engine.Sampling;

namespace WanSharp.Tools.Selftest;

/// <summary>
/// Follows walks of few steps, made by the original code of distilled models with this program's noise: by steps and shift, or by the
/// lists of the models.
/// </summary>
internal sealed class FewStepSamplerCheck : IFixtureCheck
{
    public bool Handles(Fixture fixture) => fixture.Kind == "few-step-samplers";

    public Task<IReadOnlyList<Comparison>> RunAsync(Fixture fixture, SelftestContext context, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<Comparison>>([
            .. fixture.Config.GetProperty("walks").EnumerateArray().SelectMany(walk => Compare(fixture, walk)),
        ]);

    private static IEnumerable<Comparison> Compare(Fixture fixture, JsonElement walk)
    {
        var name = walk.GetProperty("name").GetString()!;
        var sampler = Create(walk, fixture.Config.GetProperty("seed").GetUInt64());
        var timesteps = fixture[$"{name}.timesteps"].Read<float>();
        yield return Comparison.Of($"{name}.timesteps", sampler.Timesteps, timesteps, FixtureLimits.EulerTimesteps);
        yield return Comparison.Of($"{name}.sigmas", sampler.Sigmas, fixture[$"{name}.sigmas"].Read<float>(), FixtureLimits.Sigmas);
        yield return SamplerCheck.Trajectory($"{name}.x", sampler, fixture[$"{name}.x"]);
    }

    private static ISampler Create(JsonElement walk, ulong seed)
    {
        if (!Samplers.TryParse(walk.GetProperty("sampler").GetString()!, out var kind, out var error))
        {
            throw new JsonException(error);
        }

        var (sigmas, timesteps) = (List(walk, "sigmas"), List(walk, "timesteps"));
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
    }

    private static NumberList? List(JsonElement walk, string name) =>
        walk.TryGetProperty(name, out var list) ? new NumberList(list.EnumerateArray().Select(number => number.GetDouble())) : null;
}
