using WanSharp.Models.Enhancers;
using WanSharp.Runtime.Networks;
using WanSharp.Storage;

namespace WanSharp.Tools.Selftest;

/// <summary>Enlarges frames.</summary>
internal sealed class UpscalerCheck : IFixtureCheck
{
    public bool Handles(Fixture fixture) => fixture.Kind == "upscaler";

    public Task<IReadOnlyList<Comparison>> RunAsync(Fixture fixture, SelftestContext context, CancellationToken cancellationToken)
    {
        using var file = EnhancerFile.Open(Path.Combine(fixture.Folder, "weights.safetensors"), new FileDigests(folder: null));
        using var network = new UpscalerRunner(context.Runtime, file.Upscaler!, file.Weights, context.Settings);
        var comparisons = new List<Comparison>();
        foreach (var name in fixture.Cases)
        {
            using var enlarged = network.Enlarge(fixture[$"{name}.in.frames"], cancellationToken);
            var expected = fixture[$"{name}.out.enlarged"];
            comparisons.Add(Comparison.Of($"{name}.out.enlarged", enlarged.Read<float>(), expected.Read<float>(), context.Limits.Vae));
        }

        return Task.FromResult<IReadOnlyList<Comparison>>(comparisons);
    }
}
