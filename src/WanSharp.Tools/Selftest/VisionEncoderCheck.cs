using WanSharp.Engine.Features;
using WanSharp.Graphs.Networks;
using WanSharp.Models;
using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Tools.Selftest;

/// <summary>Prepares images as CLIP takes them and encodes them.</summary>
internal sealed class VisionEncoderCheck : IFixtureCheck
{
    public bool Handles(Fixture fixture) => fixture.Kind == "clip-vision";

    public async Task<IReadOnlyList<Comparison>> RunAsync(Fixture fixture, SelftestContext context, CancellationToken cancellationToken)
    {
        var configuration = fixture
            .Section(fixture.Config.GetProperty("model"), ModelJson.Default.VisionEncoderSection)
            .ToConfiguration(fixture.ConfigPath);
        using var weights = new WeightStore(fixture.Weights("weights.safetensors"));
        var limits = context.LimitsOf(context.Limits.VisionEncoder, options => new VisionEncoderGraphs(configuration, options).Whole);
        var comparisons = new List<Comparison>();
        var name = "";
        using var encoder = await VisionEncoderRunner
            .CreateAsync(context.Graphs, configuration, weights, context.Settings, Compare, cancellationToken)
            .ConfigureAwait(false);
        foreach (var run in fixture.Cases)
        {
            name = run;
            var image = fixture[$"{name}.in.image"];
            using var prepared = ImageFeatures.Prepare(image, configuration.ImageSize);
            Compare("preprocessed", prepared);
            using var square = ImageFeatures.Prepare(image, encoder.Configuration.ImageSize);
            using var features = ImageFeatures.Encode(encoder, [square], cancellationToken);
            comparisons.Add(
                Comparison.Of(
                    $"{name}.out.clip_fea",
                    features.Read<float>(),
                    fixture[$"{name}.out.clip_fea"].Read<float>(),
                    limits.Of("features")
                )
            );
        }

        return comparisons;

        void Compare(string probe, Tensor value)
        {
            if (fixture.Find($"{name}.mid.{probe}") is { } mid)
            {
                comparisons.Add(Comparison.Of($"{name}.mid.{probe}", value.Read<float>(), mid.Read<float>(), limits.Of(probe)));
            }
        }
    }
}
