using WanSharp.Engine.Enhancing;
using WanSharp.Engine.Requests;
using WanSharp.Models.Enhancers;
using WanSharp.Runtime.Networks;
using WanSharp.Storage;

namespace WanSharp.Tools.Selftest;

/// <summary>Makes frames between frames.</summary>
internal sealed class InterpolatorCheck : IFixtureCheck
{
    public bool Handles(Fixture fixture) => fixture.Kind == "rife";

    public Task<IReadOnlyList<Comparison>> RunAsync(Fixture fixture, SelftestContext context, CancellationToken cancellationToken)
    {
        using var file = EnhancerFile.Open(Path.Combine(fixture.Folder, "weights.safetensors"), new FileDigests(folder: null));
        using var network = new InterpolatorRunner(context.Runtime, file.Interpolator!, file.Weights, context.Settings);
        var (first, second) = (fixture["in.first"], fixture["in.second"]);
        var size = new ClipSize((int)first.Shape[3], (int)first.Shape[2]);
        using var padded = FilledFrames.Fill(first, size);
        using var after = FilledFrames.Fill(second, size);
        var comparisons = new List<Comparison>();
        foreach (var (i, expected) in fixture.List("out").Index())
        {
            var time = fixture.Config.GetProperty("times")[i].GetSingle();
            using var between = network.Between(padded, after, time, cancellationToken);
            using var cut = FilledFrames.Cut(between, size);
            comparisons.Add(Comparison.Of($"out.{i}", cut.Read<float>(), expected.Read<float>(), context.Limits.Interpolator));
        }

        return Task.FromResult<IReadOnlyList<Comparison>>(comparisons);
    }
}
