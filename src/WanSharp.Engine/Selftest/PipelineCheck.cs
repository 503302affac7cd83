using System.Text.Json;
using WanSharp.Engine.Denoising;
using WanSharp.Engine.Features;
using WanSharp.Engine.Models;
using WanSharp.Engine.Sampling;
using WanSharp.Graphs.Networks;
using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Engine.Selftest;

/// <summary>Runs whole pipelines, text to video, from given token ids and given noise.</summary>
internal sealed class TextToVideoCheck : IFixtureCheck
{
    public bool Handles(Fixture fixture) => fixture.Kind == "pipeline-t2v";

    public async Task<IReadOnlyList<Comparison>> RunAsync(Fixture fixture, SelftestContext context, CancellationToken cancellationToken)
    {
        var models = fixture.Config.GetProperty("models");
        var transformerConfig = fixture.Section(models.GetProperty("dit.safetensors"), ModelJson.Default.TransformerSection).ToConfiguration(fixture.ConfigPath);
        var vaeConfig = fixture.Section(models.GetProperty("vae.safetensors"), ModelJson.Default.VaeSection).ToConfiguration(fixture.ConfigPath);
        var textConfig = fixture.Section(models.GetProperty("t5.safetensors"), ModelJson.Default.TextEncoderSection).ToConfiguration(fixture.ConfigPath);
        using var transformerWeights = new WeightStore(fixture.Weights("dit.safetensors"));
        using var textWeights = new WeightStore(fixture.Weights("t5.safetensors"));
        using var text = await TextEncoderRunner.CreateAsync(context.Graphs, textConfig, textWeights, context.Settings, cancellationToken: cancellationToken);
        using var transformer = await TransformerRunner.CreateAsync(context.Graphs, transformerConfig, transformerWeights, context.Settings, cancellationToken: cancellationToken);
        using var vae = new VaeRunner(context.Runtime, vaeConfig, fixture.Weights("vae.safetensors"), context.Settings);

        var comparisons = new List<Comparison>();
        foreach (var run in fixture.Config.GetProperty("runs").EnumerateArray())
        {
            using var clip = Start(fixture, run, text, transformerConfig, comparisons, cancellationToken);
            Denoise(fixture, run.GetProperty("name").GetString()!, clip, transformer, comparisons, cancellationToken);
            comparisons.Add(ClipComparison.Decoded(
                $"{run.GetProperty("name").GetString()}.out.video", vae, clip.Latents, fixture[$"{run.GetProperty("name").GetString()}.out.video"], FixtureLimits.Pipeline, cancellationToken));
        }

        return comparisons;
    }

    private static DenoiseState Start(
        Fixture fixture, JsonElement run, TextEncoderRunner text, TransformerConfig configuration, List<Comparison> comparisons, CancellationToken cancellationToken)
    {
        var contexts = new List<Tensor>();
        foreach (var (ids, mask, expected) in new[] { ("in.ids", "in.mask", "out.context"), ("in.neg_ids", "in.neg_mask", "out.context_null") })
        {
            var count = (int)fixture[mask].Read<long>().ToArray().Sum();
            var features = TextContext.Encode(text, [.. fixture[ids].Read<long>()[..count].ToArray().Select(id => (int)id)], configuration.TextLength, cancellationToken);
            var rows = fixture[expected].Read<float>();
            comparisons.Add(Comparison.Of(expected, features.Read<float>()[..rows.Length], rows, FixtureLimits.Pipeline));
            contexts.Add(features);
        }

        var noise = fixture["in.noise"];
        var latents = Tensor.CopyOf(Shape.Create([1, .. noise.Shape.Dims]), noise.Read<float>());
        var sampler = Samplers.Create(
            run.GetProperty("solver").GetString() == "unipc" ? SamplerKind.UniPc : SamplerKind.DpmPlusPlus,
            run.GetProperty("steps").GetInt32(),
            run.GetProperty("shift").GetDouble());
        return new DenoiseState(sampler, run.GetProperty("guide").GetSingle(), contexts, CleanFrames.None, latents);
    }

    private static void Denoise(Fixture fixture, string run, DenoiseState clip, TransformerRunner transformer, List<Comparison> comparisons, CancellationToken cancellationToken)
    {
        comparisons.Add(Comparison.Exact($"{run}.timesteps", [.. clip.Sampler.Timesteps.ToArray().Select(t => (long)t)], fixture[$"{run}.timesteps"].Read<long>()));
        comparisons.Add(Comparison.Of($"{run}.sigmas", clip.Sampler.Sigmas, fixture[$"{run}.sigmas"].Read<float>(), FixtureLimits.Sigmas));
        using var denoiser = new Denoiser(transformer)
        {
            Observe = (kind, velocity) => Compare(VelocityName(kind), velocity),
        };
        while (!clip.Done)
        {
            var step = clip.Sampler.NextStep;
            Compare("latent_in", clip.Latents);
            denoiser.Step(clip, cancellationToken);
            comparisons.Add(Comparison.Of($"{run}.out.steps[{step}]", clip.Latents.Read<float>(), fixture[$"{run}.out.steps"].Slice(step, 1).Read<float>(), FixtureLimits.Pipeline));
        }

        comparisons.Add(Comparison.Of($"{run}.out.latent", clip.Latents.Read<float>(), fixture[$"{run}.out.latent"].Read<float>(), FixtureLimits.Pipeline));

        void Compare(string name, Tensor value)
        {
            var step = clip.Sampler.NextStep;
            comparisons.Add(Comparison.Of($"{run}.{name}[{step}]", value.Read<float>(), fixture[$"{run}.{name}"].Slice(step, 1).Read<float>(), FixtureLimits.Pipeline));
        }
    }

    private static string VelocityName(VelocityKind kind) => kind switch
    {
        VelocityKind.Conditional => "v_cond",
        VelocityKind.Unconditional => "v_uncond",
        _ => "v_guided",
    };
}
