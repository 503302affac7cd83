using WanSharp.Engine.Decoding;
using WanSharp.Engine.Features;
using WanSharp.Graphs.Networks;
using WanSharp.Models;
using WanSharp.Models.Detection;
using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Tools.Selftest;

/// <summary>Runs a transformer sample by sample, at each sample's own length, and compares every value that the fixture kept.</summary>
internal sealed class TransformerCheck : IFixtureCheck
{
    public bool Handles(Fixture fixture) => fixture.Kind.StartsWith("dit-", StringComparison.Ordinal);

    public async Task<IReadOnlyList<Comparison>> RunAsync(Fixture fixture, SelftestContext context, CancellationToken cancellationToken)
    {
        int? visionDim = fixture.Config.TryGetProperty("clip_dim", out var dim) ? dim.GetInt32() : null;
        var configuration = fixture
            .Section(fixture.Config.GetProperty("model"), ModelJson.Default.TransformerSection)
            .ToConfiguration(fixture.ConfigPath, visionDim);
        var checkpoint = fixture.Weights("weights.safetensors");
        using var weights = new WeightStore(NetworkKinds.Transformer.Names.Find(checkpoint) ?? checkpoint);
        var comparisons = new List<Comparison>();
        Action<string, Tensor>? compare = null;
        using var transformer = await TransformerRunner
            .CreateAsync(
                context.Graphs,
                configuration,
                weights,
                context.Settings,
                (name, value) => compare!(name, value),
                context.Transformer,
                cancellationToken: cancellationToken
            )
            .ConfigureAwait(false);
        var limits = context.LimitsOf(context.Limits.Transformer, options => new TransformerGraphs(configuration, options).Whole);
        foreach (var name in fixture.Cases)
        {
            var samples = fixture.List($"{name}.in.x").Count;
            for (var sample = 0; sample < samples; sample++)
            {
                var (row, prefix) = (sample, name);
                compare = (probe, value) =>
                {
                    if (fixture.Find($"{prefix}.mid.{MidName(probe)}") is { DType: DType.F32 } mid)
                    {
                        comparisons.Add(CompareRow($"{prefix}.mid.{MidName(probe)}[{row}]", value, mid, row, limits.Of(WholeName(probe))));
                    }
                };
                comparisons.Add(RunSample(fixture, transformer, name, sample, limits.Of("velocity"), cancellationToken));
            }
        }

        return comparisons;
    }

    private static Comparison RunSample(
        Fixture fixture,
        TransformerRunner transformer,
        string name,
        int sample,
        NumberLimit limit,
        CancellationToken cancellationToken
    )
    {
        var configuration = transformer.Configuration;
        using var latents = Latents(fixture, name, sample, configuration.CameraStride); // [1, in_channels, frames, height, width]
        using var context = Context(fixture[$"{name}.in.context.{sample}"], configuration.TextLength);
        using var clip = ImageFeatures(fixture, name, sample);
        var tokens = (int)(latents.Shape[2] * latents.Shape[3] * latents.Shape[4] / configuration.PatchSize.Volume);
        var expected = fixture[$"{name}.out.{sample}"];
        var frames = latents.Shape[2]; // with that of a reference, which is not made
        using var velocity = Tensor.Zeros(DType.F32, [1, expected.Shape[0], frames, expected.Shape[2], expected.Shape[3]]);
        transformer.Forward(latents, Timesteps(fixture[$"{name}.in.t"], sample, tokens), context, velocity, clip, cancellationToken);
        using var made = ReferenceLatents.Without(velocity, (int)(frames - expected.Shape[1]));
        return Comparison.Of($"{name}.out.{sample}", made.Read<float>(), expected.Read<float>(), limit);
    }

    /// <summary>
    /// The sample's latents, joined by the channels of an image where the fixture has some, or by a control and how strongly it acts.
    /// </summary>
    private static Tensor Latents(Fixture fixture, string name, int sample, int? stride)
    {
        var x = fixture[$"{name}.in.x.{sample}"];
        List<float> values = [.. x.Read<float>()];
        if (fixture.Find($"{name}.in.y.{sample}") is { } image)
        {
            values.AddRange(image.Read<float>());
        }

        if (fixture.Find($"{name}.in.control.{sample}") is { } control)
        {
            values.AddRange(control.Read<float>());
            var strength = fixture[$"{name}.in.control_strength"].Read<float>()[0];
            values.AddRange(Enumerable.Repeat(strength, (int)(x.Shape[1] * x.Shape[2] * x.Shape[3])));
        }

        if (fixture.Find($"{name}.in.poses") is { } poses)
        {
            AddCameras(values, poses, x.Shape, stride!.Value);
        }

        if (fixture.Find($"{name}.in.full_ref.{sample}") is { } reference)
        {
            return WithReference(values, x.Shape, reference);
        }

        var area = x.Shape[1] * x.Shape[2] * x.Shape[3];
        return Tensor.CopyOf<float>([1, values.Count / area, x.Shape[1], x.Shape[2], x.Shape[3]], [.. values]);
    }

    /// <summary>Adds what a network is told of the cameras that lines of a file say, the same at all positions.</summary>
    private static void AddCameras(List<float> values, Tensor lines, Shape latents, int stride)
    {
        var numbers = CameraPath
            .Parse([.. lines.Read<float>().ToArray().Select(value => (double)value).Chunk((int)lines.Shape[1])])
            .Numbers((int)latents[3] * stride, (int)latents[2] * stride);
        var (frames, area) = ((int)latents[1], (int)(latents[2] * latents[3]));
        var told = numbers.Length / frames;
        for (var number = 0; number < told; number++)
        {
            for (var frame = 0; frame < frames; frame++)
            {
                values.AddRange(Enumerable.Repeat(numbers[(frame * told) + number], area));
            }
        }
    }

    /// <summary>
    /// A frame in front, in which the reference's latents [channels, height, width] stand behind as many channels of noise.
    /// </summary>
    private static Tensor WithReference(List<float> values, Shape latents, Tensor reference)
    {
        var (frames, area) = ((int)latents[1], (int)(latents[2] * latents[3]));
        var channels = values.Count / (frames * area);
        var given = Tensor.Zeros(DType.F32, [1, channels, frames + 1, latents[2], latents[3]]);
        var to = given.Write<float>();
        var own = (int)reference.Shape[0];
        for (var channel = 0; channel < channels; channel++)
        {
            if (channel >= own && channel < 2 * own)
            {
                reference.Read<float>().Slice((channel - own) * area, area).CopyTo(to[(channel * (frames + 1) * area)..]);
            }

            values.GetRange(channel * frames * area, frames * area).CopyTo(to[(((channel * (frames + 1)) + 1) * area)..]);
        }

        return given;
    }

    private static Tensor Context(Tensor rows, int textLength)
    {
        var padded = Tensor.Zeros(DType.F32, [1, textLength, rows.Shape[1]]);
        rows.Read<float>().CopyTo(padded.Write<float>());
        return padded;
    }

    private static Tensor? ImageFeatures(Fixture fixture, string name, int sample) =>
        fixture.Find($"{name}.in.clip_fea") is { } features ? features.Slice(sample, 1).ConvertTo(DType.F32) : null;

    /// <summary>The sample's timesteps: one, or one for each of its own tokens, without those of padding.</summary>
    private static float[] Timesteps(Tensor timesteps, int sample, int tokens)
    {
        float[] values =
            timesteps.DType == DType.I64 ? [.. timesteps.Read<long>().ToArray().Select(t => (float)t)] : timesteps.Read<float>().ToArray();
        return timesteps.Shape.Rank == 2
            ? values.AsSpan((int)(sample * timesteps.Shape[1]), tokens).ToArray()
            : [values[Math.Min(sample, values.Length - 1)]];
    }

    /// <summary>Compares one sample's rows with the fixture's, which may have more tokens: those are padding.</summary>
    private static Comparison CompareRow(string name, Tensor value, Tensor expected, int row, NumberLimit limit)
    {
        var all = expected.Slice(row, 1).Read<float>();
        var ours = value.Read<float>();
        if (value.Shape.Rank == expected.Shape.Rank && ours.Length <= all.Length)
        {
            // The official code repeats a single timestep for every token; ours is broadcast.
            return Comparison.Of(name, ours, all[..ours.Length], limit);
        }

        var perRow = all.Length;
        return expected.Shape.Rank == value.Shape.Rank - 1 && perRow == ours.Length
            ? Comparison.Of(name, ours, all, limit) // [batch, dim] there, [batch, 1, dim] here
            : new Comparison(name, double.PositiveInfinity, double.PositiveInfinity, limit.Kernels);
    }

    /// <summary>What the whole network calls a value of its parts.</summary>
    private static string WholeName(string probe) =>
        probe switch
        {
            "context_embedding" => "text_embed",
            "image_embedding" => "img_emb",
            _ => probe,
        };

    private static string MidName(string probe) =>
        probe switch
        {
            "patch_embed" => "patch_embed_padded",
            _ => WholeName(probe),
        };
}
