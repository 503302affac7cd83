using WanSharp.Graphs.Networks;
using WanSharp.Models;
using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Tools.Selftest;

/// <summary>Encodes and decodes clips through the streaming VAE.</summary>
internal sealed class VaeCheck : IFixtureCheck
{
    public bool Handles(Fixture fixture) => fixture.Kind is "vae21" or "vae22";

    public Task<IReadOnlyList<Comparison>> RunAsync(Fixture fixture, SelftestContext context, CancellationToken cancellationToken)
    {
        var configuration = fixture
            .Section(fixture.Config.GetProperty("model"), ModelJson.Default.VaeSection)
            .ToConfiguration(fixture.ConfigPath);
        using var weights = new WeightStore(fixture.Weights("weights.safetensors"));
        using var vae = new VaeRunner(context.Runtime, configuration, weights, context.Settings);
        var encoding = context.LimitsOf(context.Limits.Vae, options => new VaeGraphs(configuration, options).EncodeNext).Of("latents");
        var decoding = context.LimitsOf(context.Limits.Vae, options => new VaeGraphs(configuration, options).DecodeNext).Of("frames");
        var comparisons = new List<Comparison>();
        foreach (var name in fixture.Cases)
        {
            var video = fixture[$"{name}.in.video"];
            using var mean = vae.Encode(WithBatch(video), cancellationToken); // [1, channels, frames, height, width]
            var expected = fixture[$"{name}.out.mu"];
            comparisons.Add(Comparison.Of($"{name}.out.mu", mean.Read<float>(), expected.Read<float>(), encoding));

            // What is decoded is the fixture's own, so that errors of the encoder do not add up with the decoder's.
            var latents = fixture.Find($"{name}.in.z") ?? expected;
            comparisons.Add(
                ClipComparison.Decoded(
                    $"{name}.out.video",
                    vae,
                    WithBatch(latents),
                    fixture[$"{name}.out.video"],
                    decoding,
                    cancellationToken
                )
            );
        }

        return Task.FromResult<IReadOnlyList<Comparison>>(comparisons);
    }

    private static Tensor WithBatch(Tensor tensor) => tensor.Reshape(Shape.Create([1, .. tensor.Shape.Dims]));
}
