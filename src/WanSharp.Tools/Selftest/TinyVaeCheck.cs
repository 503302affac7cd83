using WanSharp.Graphs.Networks;
using WanSharp.Models.Detection;
using WanSharp.Models.Names;
using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Tools.Selftest;

/// <summary>Encodes and decodes clips through a streaming tiny autoencoder.</summary>
internal sealed class TinyVaeCheck : IFixtureCheck
{
    public bool Handles(Fixture fixture) => fixture.Kind == "taehv";

    public Task<IReadOnlyList<Comparison>> RunAsync(Fixture fixture, SelftestContext context, CancellationToken cancellationToken)
    {
        var file = fixture.Weights("weights.safetensors");
        ICheckpoint network = TinyVaeNames.Names.Find(file) ?? file;
        using var weights = new WeightStore(network);
        var configuration = TinyVaeDetection.Detect(network).Network;
        using var vae = new VaeRunner(context.Runtime, configuration, weights, context.Settings);
        var encoding = context.LimitsOf(context.Limits.Vae, options => new VaeGraphs(configuration, options).EncodeNext).Of("latents");
        var decoding = context.LimitsOf(context.Limits.Vae, options => new VaeGraphs(configuration, options).DecodeNext).Of("frames");
        var comparisons = new List<Comparison>();
        foreach (var name in fixture.Cases)
        {
            var expected = fixture[$"{name}.out.latents"]; // [channels, latent frames, height, width]
            using var latents = vae.Encode(WithBatch(fixture[$"{name}.in.video"]), cancellationToken);
            comparisons.Add(Comparison.Of($"{name}.out.latents", latents.Read<float>(), expected.Read<float>(), encoding));
            comparisons.Add(
                ClipComparison.Decoded(
                    $"{name}.out.video",
                    vae,
                    WithBatch(fixture[$"{name}.in.latents"]),
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
