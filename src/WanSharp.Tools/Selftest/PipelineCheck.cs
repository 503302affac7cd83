using System.Text.Json;
using WanSharp.Engine.Denoising;
using WanSharp.Engine.Features;
using WanSharp.Engine.Sampling;
using WanSharp.Media.Images;
using WanSharp.Tensors;

namespace WanSharp.Tools.Selftest;

/// <summary>Runs whole pipelines, text and images to video, from given token ids and given noise.</summary>
internal sealed class PipelineCheck : IFixtureCheck
{
    public bool Handles(Fixture fixture) => fixture.Kind.StartsWith("pipeline-", StringComparison.Ordinal);

    public async Task<IReadOnlyList<Comparison>> RunAsync(Fixture fixture, SelftestContext context, CancellationToken cancellationToken)
    {
        using var networks = await PipelineNetworks.LoadAsync(fixture, context, cancellationToken).ConfigureAwait(false);
        var comparisons = new List<Comparison>();
        foreach (var run in fixture.Config.GetProperty("runs").EnumerateArray())
        {
            new Run(fixture, run, networks, new PipelineLimits(context, networks), comparisons).Check(cancellationToken);
        }

        return comparisons;
    }

    /// <summary>One clip of the fixture.</summary>
    private sealed class Run(
        Fixture fixture,
        JsonElement settings,
        PipelineNetworks networks,
        PipelineLimits limits,
        List<Comparison> comparisons
    )
    {
        private readonly string _name = settings.GetProperty("name").GetString()!;

        public void Check(CancellationToken cancellationToken)
        {
            // 1. Encode: the prompts, then the image.
            List<Tensor> contexts =
            [
                EncodeText("in.ids", "in.mask", "out.context", cancellationToken),
                EncodeText("in.neg_ids", "in.neg_mask", "out.context_null", cancellationToken),
            ];
            using var images = EncodeImages(cancellationToken);

            // 2. Denoise.
            var noise = fixture["in.noise"];
            var latents = Tensor.CopyOf(Shape.Create([1, .. noise.Shape.Dims]), noise.Read<float>());
            var sampler = Sampler();
            var guidance = StepGuidance.By(Guidance(), sampler.Timesteps, networks.Boundary);
            using var clip = new DenoiseState(sampler, guidance, contexts, images, latents, networks.Boundary);
            CheckPlan(clip);
            Denoise(clip, cancellationToken);

            // 3. Decode.
            comparisons.Add(
                ClipComparison.Decoded(
                    $"{_name}.out.video",
                    networks.Vae,
                    clip.Latents,
                    fixture[$"{_name}.out.video"],
                    limits.Video(sampler.Timesteps.Length, GuidanceGain()),
                    cancellationToken
                )
            );
        }

        private Tensor EncodeText(string ids, string mask, string expected, CancellationToken cancellationToken)
        {
            var count = (int)fixture[mask].Read<long>().ToArray().Sum();
            int[] tokens = [.. fixture[ids].Read<long>()[..count].ToArray().Select(id => (int)id)];
            var features = TextContext.Encode(networks.TextEncoder, tokens, networks.Transformer.TextLength, cancellationToken);
            var rows = fixture[expected].Read<float>();
            comparisons.Add(Comparison.Of(expected, features.Read<float>()[..rows.Length], rows, limits.Text));
            return features;
        }

        /// <summary>The run's image in the form that the model takes, by what the fixture kept of it.</summary>
        private ImageConditions EncodeImages(CancellationToken cancellationToken) =>
            fixture.Find($"{_name}.y") is not null ? EncodeChannels(cancellationToken)
            : fixture.Find($"{_name}.vae_encode_out") is not null ? EncodeFirstFrame(cancellationToken)
            : ImageConditions.None;

        private ImageConditions EncodeChannels(CancellationToken cancellationToken)
        {
            var image = fixture.Image("in.image");
            using var pixels = ImageTensors.ToTensor(image); // [3, height, width]
            var stride = networks.Vae.Config.SpatialStride;
            var (height, width) = ImageSizes.ImageToVideoLatentSize(
                image.Height,
                image.Width,
                settings.GetProperty("max_area").GetInt32(),
                stride,
                networks.Transformer.PatchSize.Width
            );
            using var frame = ImageTensors.ResizeBicubic(pixels, width * stride, height * stride);
            using var square = networks.ImageEncoder is { } vision ? ImageFeatures.Prepare(pixels, vision.Configuration.ImageSize) : null;
            var images = new ImageConditions
            {
                Channels = new ImageChannels(networks.Vae).Encode(frame, last: null, (int)fixture["in.noise"].Shape[1], cancellationToken),
                ImageFeatures = square is null ? null : ImageFeatures.Encode(networks.ImageEncoder!, [square], cancellationToken),
            };
            Compare("y", images.Channels, limits.Images);
            if (images.ImageFeatures is not null)
            {
                Compare("clip_fea", images.ImageFeatures, limits.ImageFeatures);
            }

            return images;
        }

        private ImageConditions EncodeFirstFrame(CancellationToken cancellationToken)
        {
            var image = fixture.Image(_name == "i2v_resize" ? "in.image_resize" : "in.image");
            var (stride, patch) = (networks.Vae.Config.SpatialStride, networks.Transformer.PatchSize);
            var (width, height) = ImageSizes.BestOutputSize(
                image.Width,
                image.Height,
                stride * patch.Width,
                stride * patch.Height,
                settings.GetProperty("max_area").GetInt32()
            );
            var latents = new FrameEncoder(networks.Vae).Encode(image, width, height, latentFrame: 0, cancellationToken);
            Compare("vae_encode_out", latents, limits.Images);
            return new ImageConditions { Frames = new CleanFrames(new Dictionary<int, Tensor> { [0] = latents }) };
        }

        private ISampler Sampler() =>
            Samplers.Create(
                settings.GetProperty("solver").GetString() == "unipc" ? SamplerKind.UniPc : SamplerKind.DpmPlusPlus,
                settings.GetProperty("steps").GetInt32(),
                settings.GetProperty("shift").GetDouble()
            );

        private GuidanceScales Guidance() =>
            settings.GetProperty("guide") is { ValueKind: JsonValueKind.Array } scales
                ? new GuidanceScales(scales[0].GetSingle(), scales[1].GetSingle())
                : new GuidanceScales(settings.GetProperty("guide").GetSingle());

        /// <summary>Compares what is known before the first step.</summary>
        private void CheckPlan(DenoiseState clip)
        {
            var timesteps = clip.Sampler.Timesteps.ToArray();
            var tokens = clip.Latents.Shape.ElementCount / (clip.Latents.Shape[1] * networks.Transformer.PatchSize.Volume);
            comparisons.Add(
                Comparison.Exact($"{_name}.timesteps", [.. timesteps.Select(t => (long)t)], fixture[$"{_name}.timesteps"].Read<long>())
            );
            comparisons.Add(
                Comparison.Of($"{_name}.sigmas", clip.Sampler.Sigmas, fixture[$"{_name}.sigmas"].Read<float>(), FixtureLimits.Sigmas)
            );
            comparisons.Add(Comparison.Exact($"{_name}.seq_len", [tokens], fixture[$"{_name}.seq_len"].Read<long>()));
            if (fixture.Find($"{_name}.expert") is { } experts)
            {
                comparisons.Add(
                    Comparison.Exact(
                        $"{_name}.expert",
                        [.. timesteps.Select(t => networks.Boundary is { } boundary && ExpertBoundary.IsHighNoise(t, boundary) ? 1L : 0)],
                        experts.Read<long>()
                    )
                );
            }
        }

        private void Denoise(DenoiseState clip, CancellationToken cancellationToken)
        {
            var step = 0;
            using var denoiser = new Denoiser(networks.Experts)
            {
                Observe = (kind, value) =>
                    comparisons.Add(
                        Comparison.Of(
                            $"{_name}.{NameOf(kind)}[{step}]",
                            value.Read<float>(),
                            fixture[$"{_name}.{NameOf(kind)}"].Slice(step, 1).Read<float>(),
                            limits.Step(kind == StepValue.LatentsIn ? step : step + 1, GuidanceGain())
                        )
                    ),
            };
            for (; !clip.Done; step++)
            {
                denoiser.Step(clip, cancellationToken);
            }

            Compare("out.latent", clip.Latents, limits.Step(step, GuidanceGain()));
        }

        private void Compare(string name, Tensor value, NumberLimit limit) =>
            comparisons.Add(Comparison.Of($"{_name}.{name}", value.Read<float>(), fixture[$"{_name}.{name}"].Read<float>(), limit));

        /// <summary>Of the strongest guidance of the run.</summary>
        private double GuidanceGain()
        {
            var scale = Math.Max(Guidance().HighNoise, Guidance().LowNoise);
            return Math.Sqrt((scale * scale) + ((scale - 1) * (scale - 1)));
        }

        private static string NameOf(StepValue kind) =>
            kind switch
            {
                StepValue.LatentsIn => "latent_in",
                StepValue.Conditional => "v_cond",
                StepValue.Unconditional => "v_uncond",
                StepValue.Guided => "v_guided",
                _ => "out.steps",
            };
    }
}
