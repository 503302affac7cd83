using WanSharp.Graphs.Networks;
using WanSharp.Models;
using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Tools.Selftest;

/// <summary>Runs a umT5 encoder prompt by prompt, padding included.</summary>
internal sealed class TextEncoderCheck : IFixtureCheck
{
    public bool Handles(Fixture fixture) => fixture.Kind == "umt5";

    public async Task<IReadOnlyList<Comparison>> RunAsync(Fixture fixture, SelftestContext context, CancellationToken cancellationToken)
    {
        var configuration = fixture
            .Section(fixture.Config.GetProperty("model"), ModelJson.Default.TextEncoderSection)
            .ToConfiguration(fixture.ConfigPath);
        using var weights = new WeightStore(fixture.Weights("weights.safetensors"));
        var limits = context.LimitsOf(
            context.Limits.TextEncoder,
            options => new TextEncoderGraphs(configuration, options).Whole,
            Umt5Encoder.ComputeFor(context.Settings.Compute)
        );
        var comparisons = new List<Comparison>();
        Action<string, Tensor>? compare = null;
        using var encoder = await TextEncoderRunner
            .CreateAsync(
                context.Graphs,
                configuration,
                weights,
                context.Settings,
                (name, value) => compare?.Invoke(name, value),
                cancellationToken
            )
            .ConfigureAwait(false);
        foreach (var name in fixture.Cases)
        {
            comparisons.Add(Buckets(fixture, configuration, name));
            for (var row = 0; row < fixture[$"{name}.in.ids"].Shape[0]; row++)
            {
                var (sample, prefix) = (row, name);
                compare = (probe, value) =>
                {
                    if (fixture.Find($"{prefix}.mid.{probe}") is { } mid)
                    {
                        comparisons.Add(
                            Comparison.Of(
                                $"{prefix}.mid.{probe}[{sample}]",
                                value.Read<float>(),
                                mid.Slice(sample, 1).Read<float>(),
                                limits.Of(probe)
                            )
                        );
                    }
                };
                Encode(fixture, encoder, name, row, comparisons, limits.Of("text"), () => compare = null, cancellationToken);
            }
        }

        return comparisons;
    }

    private static void Encode(
        Fixture fixture,
        TextEncoderRunner encoder,
        string name,
        int row,
        List<Comparison> comparisons,
        NumberLimit limit,
        Action stopComparing,
        CancellationToken cancellationToken
    )
    {
        var ids = fixture[$"{name}.in.ids"].Slice(row, 1).Read<long>().ToArray().Select(id => (int)id).ToArray();
        var tokens = (int)fixture[$"{name}.in.mask"].Slice(row, 1).Read<long>().ToArray().Sum();
        using var text = encoder.Encode(ids, tokens, cancellationToken);
        var rows = text.Read<float>();
        comparisons.Add(Comparison.Of($"{name}.out.full[{row}]", rows, fixture[$"{name}.out.full"].Slice(row, 1).Read<float>(), limit));

        stopComparing(); // the fixture's intermediate values are those of the padded prompt

        // A prompt is used at its real length: encoding it without padding must give the same rows.
        using var trimmed = encoder.Encode(ids.AsSpan(0, tokens), tokens, cancellationToken);
        comparisons.Add(
            Comparison.Of($"{name}.out.trim.{row}", trimmed.Read<float>(), fixture[$"{name}.out.trim.{row}"].Read<float>(), limit)
        );
    }

    private static Comparison Buckets(Fixture fixture, Umt5Config configuration, string name)
    {
        var expected = fixture[$"{name}.mid.buckets"];
        using var buckets = Umt5Encoder.RelativePositions(configuration, (int)expected.Shape[0]);
        return Comparison.Exact($"{name}.mid.buckets", buckets.Read<long>(), expected.Read<long>());
    }
}
