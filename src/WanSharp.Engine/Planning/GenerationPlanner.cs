using System.Globalization;
using System.Numerics;
using System.Reflection;
using WanSharp.Engine.Decoding;
using WanSharp.Engine.Denoising;
using WanSharp.Engine.Enhancing;
using WanSharp.Engine.Presets;
using WanSharp.Engine.Requests;
using WanSharp.Engine.Sampling;
using WanSharp.Media.Clips;
using WanSharp.Media.Images;
using WanSharp.Models;
using WanSharp.Models.Decoders;
using WanSharp.Models.Enhancers;
using WanSharp.Models.Loras;
using WanSharp.Storage;
using WanSharp.Tensors;

namespace WanSharp.Engine.Planning;

/// <summary>Turns a request into a plan, or says what about it cannot be made and what can.</summary>
internal static class GenerationPlanner
{
    private const int MaximumFrames = SettingFields.MaximumFrames;

    // Lengths of single activations stay within 32 bits far beyond it; no machine computes attention over more.
    private const int MaximumTokens = 1 << 22;

    /// <summary>The plan of a request.</summary>
    /// <param name="request">What is asked for.</param>
    /// <param name="model">The model; its files are read once, for their digest.</param>
    /// <param name="execution">What will compute, noted with the clip.</param>
    /// <param name="decoders">Opens the files that are named instead of the model's VAE.</param>
    /// <param name="presets">What presets mean. Default: those that ship.</param>
    /// <param name="enhancers">Opens the files that enlarge frames.</param>
    /// <exception cref="InvalidRequestException">The request cannot be made; the message names the nearest that can.</exception>
    public static GenerationPlan Plan(
        GenerationRequest request,
        WanModel model,
        ExecutionSettings? execution = null,
        DecoderShelf? decoders = null,
        PresetChoice? presets = null,
        EnhancerShelf? enhancers = null
    )
    {
        var sketch = Sketch(request, model, decoders: decoders, presets: presets, enhancers: enhancers);
        presets ??= PresetChoice.Default;
        var plan = WithLoras(
            sketch with
            {
                Warnings =
                    execution is not null && presets.PrecisionNote(sketch.Settings.Preset, model, execution.Precision) is { } note
                        ? [.. sketch.Warnings, note]
                        : sketch.Warnings,
                Settings = sketch.Settings with
                {
                    ModelDigest = model.Digest,
                    Execution = execution,
                    Decoder = Digested(sketch.Settings.Decoder, sketch.Decoder),
                    Encoder = Digested(sketch.Settings.Encoder, sketch.Encoder),
                    Interpolate = Digested(sketch.Settings.Interpolate, sketch.Interpolator),
                    Upscale = Digested(sketch.Settings.Upscale, sketch.Upscaler),
                    Control = Digested(sketch.Settings.Control, sketch.Control?.Video, model),
                    Mask = Digested(sketch.Settings.Mask, sketch.Control?.Mask, model),
                    Camera = Digested(sketch.Settings.Camera, sketch.Control?.Camera?.File, model),
                    References = sketch.Settings.References is null
                        ? null
                        : [.. sketch.Control!.References.Select(one => one.ToUsed(model.FileDigests))],
                },
            },
            sketch.Loras with
            {
                Loras = [.. sketch.Loras.Loras.Select(lora => lora with { Identity = IdentityOf(lora, model) })],
            }
        );
        return plan.Settings.ToJson().Length <= VideoWriter.MaxSettingsLength
            ? plan
            : throw new InvalidRequestException(
                "prompt",
                "The prompts are too long to be embedded in the clip: shorten them, or take out characters that JSON escapes."
            );
    }

    /// <summary>The plan of a request except the model's digest: nothing is read, however large the model's files are.</summary>
    /// <param name="request">What is asked for.</param>
    /// <param name="model">The model.</param>
    /// <param name="requireImages">Whether images, and what else is followed, must be given where the model cannot do without.</param>
    /// <param name="decoders">Opens the files that are named instead of the model's VAE.</param>
    /// <param name="presets">What presets mean. Default: those that ship.</param>
    /// <param name="enhancers">Opens the files that enlarge frames.</param>
    /// <exception cref="InvalidRequestException">The request cannot be made; the message names the nearest that can.</exception>
    public static GenerationPlan Sketch(
        GenerationRequest request,
        WanModel model,
        bool requireImages = true,
        DecoderShelf? decoders = null,
        PresetChoice? presets = null,
        EnhancerShelf? enhancers = null
    )
    {
        RivalSettings.RequireOneOfEach(request);
        presets ??= PresetChoice.Default;
        var notes = new List<string>();
        request = presets.Apply(PromptLoras.Read(request), model, notes);
        GivenImages.Check(request.Images);
        var resolved = Resolve(request, model, requireImages, decoders);
        var settings = SettingsOf(request, model, resolved);
        var windows = WindowPlan.WindowsOf(settings, model, resolved.Control?.ReferenceFrames ?? 0);
        var pass = windows?.ShapeOf(resolved.Latents) ?? resolved.Latents;
        var plan = new GenerationPlan
        {
            Settings = settings,
            Latents = resolved.Latents,
            Windows = windows,
            Sampler = resolved.Sampler,
            Tokens = (int)(pass[2] * pass[3] * pass[4] / model.Transformer.PatchSize.Volume),
            StepBranches = [],
            HighNoiseSteps = 0,
            GivenFrames = resolved.Given,
            HasCleanFrames = model.Transformer.TakesCleanFrames && resolved.Given.Count > 0,
            Control = resolved.Control,
            Decoder = resolved.Decoder,
            Encoder = resolved.Encoder,
            Warnings =
            [
                .. notes,
                .. PromptMarks.NotesOf(request.Prompt, request.NegativePrompt),
                .. GivenImages.NotesOf(resolved.Given, model),
                .. FewSteps.Warn(settings, request, model, presets),
            ],
        };
        plan = plan with { Warnings = [.. plan.Warnings, .. WindowPlan.NotesOf(plan, model)] };
        return WithSteps(plan, request, model, enhancers);
    }

    /// <summary>What was asked for, or else the model's default, checked against the model.</summary>
    private static ResolvedRequest Resolve(GenerationRequest request, WanModel model, bool requireImages, DecoderShelf? decoders)
    {
        var (width, height) = Size(request, model);
        var rates = InterpolationPlanner.Rates(request, model.Defaults);
        var frames = Frames(request, model, (int)rates.From);
        if (!Samplers.TryParse(request.Sampler ?? model.Defaults.Sampler, out var sampler, out var error))
        {
            throw new InvalidRequestException("sampler", error);
        }

        var schedule = StepPlan.Of(request, model, sampler, width, height);
        var guidance = GuidancePlan.Of(request, model, schedule.Steps);
        var control = ControlPlan.Of(request, model, width, height, decoders?.Folders ?? [model.Folder], requireImages);
        var references = control?.ReferenceFrames ?? 0;
        var latents = Latents(model, width, height, frames, references);
        var given = GivenImages.Resolve(request.Images, model, (int)latents[2] - references, width, height, requireImages);
        var decoder = Standin(decoders, "decoder", request.Decoder, encodes: false);
        var encoder = Standin(decoders, "encoder", request.Encoder, encodes: true);
        RequireSize(decoder, width, height);
        return new ResolvedRequest(
            width,
            height,
            frames,
            (int)rates.To,
            WindowPlan.Of(request, model, frames),
            sampler,
            schedule,
            guidance,
            latents,
            given,
            control,
            decoder,
            given.Count == 0 && control is not { Encodes: true } ? null : encoder
        );
    }

    /// <summary>What the clip embeds.</summary>
    private static GenerationSettings SettingsOf(GenerationRequest request, WanModel model, ResolvedRequest resolved)
    {
        var settings = new GenerationSettings
        {
            Version = ProductVersion,
            Model = model.Name,
            ModelDigest = "",
            ModelFiles = model.Parts.IsDescribed
                ? null
                : model.Parts.All().ToDictionary(part => part.Part, part => Path.GetFileName(part.Path)),
            Preset = request.Preset,
            Prompt = PromptText.Require("prompt", request.Prompt, mayBeEmpty: false),
            NegativePrompt = PromptText.Require("negative", request.NegativePrompt ?? model.Defaults.NegativePrompt, mayBeEmpty: true),
            Width = resolved.Width,
            Height = resolved.Height,
            Frames = resolved.Frames,
            Fps = resolved.Fps,
            Steps = resolved.Schedule.Steps,
            GuidanceScale = resolved.Guidance.Scale,
            HighNoiseGuidanceScale = resolved.Guidance.HighNoise,
            GuidanceSteps = request.GuidanceSteps,
            GuidanceInterval = request.GuidanceInterval,
            CfgZero = request.CfgZero,
            Apg = request.Apg,
            Slg = request.Slg,
            Nag = request.Nag,
            Riflex = PositionPlan.Riflex(request, model, resolved.Windows.Frames ?? resolved.Frames),
            ContextFrames = resolved.Windows.Frames,
            ContextOverlap = resolved.Windows.Overlap,
            Boundary = resolved.Guidance.Boundary,
            Sampler = Samplers.NameOf(resolved.Sampler),
            Shift = resolved.Schedule.Shift,
            Sigmas = resolved.Schedule.Sigmas,
            Timesteps = resolved.Schedule.Timesteps,
            Seed = request.Seed ?? 0,
            Decoder = resolved.Decoder is { } decoder ? new UsedNetwork(decoder.Name, "", decoder.Config.FrameScale) : null,
            Encoder = resolved.Encoder is { } encoder ? new UsedNetwork(encoder.Name, "") : null,
            Images =
            [
                .. resolved
                    .Given.OrderBy(frame => frame.Key)
                    .Select(frame => new GenerationSettings.EmbeddedImage(frame.Key, Digest(frame.Value))),
            ],
        };
        return resolved.Control?.Embed(settings, request, digests: null) ?? settings;
    }

    /// <summary>The plan with what each of its steps runs: guidance, experts, LoRAs, and what a step cache may skip.</summary>
    private static GenerationPlan WithSteps(GenerationPlan plan, GenerationRequest request, WanModel model, EnhancerShelf? enhancers)
    {
        var settings = plan.Settings;
        var timesteps = Samplers.Create(settings.ToSamplerOptions(plan.Sampler)).Timesteps;
        var branches = StepGuidance.Of(settings, timesteps);
        GuidancePlan.RequireUse(settings, branches);
        plan = plan with
        {
            StepBranches = [.. Enumerable.Range(0, settings.Steps).Select(branches.BranchesAt)],
            HighNoiseSteps = HighNoiseSteps(settings, timesteps),
        };
        plan = InterpolationPlanner.Apply(plan, request, model.Defaults, enhancers);
        plan = UpscalePlanner.Apply(plan, request, enhancers);
        plan = WithLoras(plan, ClipLoras.Plan(request, model, settings.Steps));
        return StepCachePlanner.Apply(plan, request, model, branches, timesteps);
    }

    /// <summary>The plan with LoRAs, which its settings embed.</summary>
    private static GenerationPlan WithLoras(GenerationPlan plan, LoraPlan loras) =>
        plan with
        {
            Loras = loras,
            Settings = plan.Settings with
            {
                Loras = Embedded(loras, null),
                HighNoiseLoras = Embedded(loras, LoraExpert.High),
                LowNoiseLoras = Embedded(loras, LoraExpert.Low),
            },
        };

    private static List<GenerationSettings.EmbeddedLora>? Embedded(LoraPlan loras, LoraExpert? expert) =>
        loras.Loras.Where(lora => lora.Expert == expert).Select(lora => lora.ToEmbedded()).ToList() is { Count: > 0 } list ? list : null;

    private static LoraIdentity IdentityOf(PlannedLora lora, WanModel model)
    {
        try
        {
            return model.Loras.IdentityOf(lora.Path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidRequestException("lora", $"{lora.Path} cannot be read: {e.Message}");
        }
    }

    internal static string ProductVersion { get; } =
        typeof(GenerationPlanner).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    private static DecoderFile? Standin(DecoderShelf? decoders, string field, string? name, bool encodes) =>
        decoders is not null ? decoders.Find(field, name, encodes)
        : name is null ? null
        : throw new InvalidRequestException(field, $"No {field} other than the model's own can be used here: leave it out.");

    private static UsedNetwork? Digested(UsedNetwork? used, DecoderFile? file) =>
        used is null || file is null ? used : used with { Sha256 = file.Digest };

    private static UsedClip? Digested(UsedClip? used, ControlFile? file, WanModel model) => file?.ToUsed(model.FileDigests) ?? used;

    private static UsedInterpolation? Digested(UsedInterpolation? used, EnhancerFile? file) =>
        used is null || file is null ? used : used with { Sha256 = file.Digest };

    private static UsedNetwork? Digested(UsedNetwork? used, EnhancerFile? file) =>
        used is null || file is null ? used : used with { Sha256 = file.Digest };

    private static void RequireSize(DecoderFile? decoder, int width, int height)
    {
        if (decoder is { Config.FrameScale: > 1 and var scale } && scale * Math.Max(width, height) > ModelLimits.MaximumSide)
        {
            throw new InvalidRequestException(
                "size",
                $"{decoder.Name} makes {width * scale}x{height * scale} of {width}x{height}, and no side may be longer than "
                    + $"{ModelLimits.MaximumSide}: ask for a smaller size."
            );
        }
    }

    private static string Digest(RgbImage image) => Digests.OfBytes(image.Pixels);

    private static (int Width, int Height) Size(GenerationRequest request, WanModel model)
    {
        if (request is { Width: null, Height: null, Images.Count: > 0 } && model.TakesImages)
        {
            return GivenImages.SizeFor(request.Images, model);
        }

        var (width, height) = (request.Width ?? model.Defaults.Width, request.Height ?? model.Defaults.Height);
        var (strideX, strideY) = (model.PixelStrideX, model.PixelStrideY);
        if (
            width % strideX == 0
            && height % strideY == 0
            && width is > 0 and <= ModelLimits.MaximumSide
            && height is > 0 and <= ModelLimits.MaximumSide
        )
        {
            return (width, height);
        }

        var (nearX, nearY) = (Nearest(width, strideX), Nearest(height, strideY));
        throw new InvalidRequestException(
            "size",
            $"A size of {width}x{height} does not fit: {model.Name} needs a width that {strideX} divides and a height that {strideY} "
                + $"divides, up to {ModelLimits.MaximumSide}. The nearest is {nearX}x{nearY}."
        );
    }

    private static int Nearest(int length, int stride) =>
        Math.Clamp((int)Math.Round((double)length / stride, MidpointRounding.AwayFromZero), 1, ModelLimits.MaximumSide / stride) * stride;

    private static int Frames(GenerationRequest request, WanModel model, int fps)
    {
        var stride = model.Vae.TemporalStride;
        if (request.Seconds is { } seconds)
        {
            var longest = MaximumFrames / (double)fps;
            return seconds > 0 && seconds <= longest
                ? NearestFrames(seconds * fps, stride)
                : throw new InvalidRequestException(
                    "seconds",
                    $"{Text(seconds)} seconds are outside 0 (excluded) to {Text(Math.Floor(longest))} at {fps} frames a second."
                );
        }

        var frames = request.Frames ?? model.Defaults.Frames;
        return frames is >= 1 and <= MaximumFrames && (frames - 1) % stride == 0
            ? frames
            : throw new InvalidRequestException(
                "frames",
                $"{frames} frames do not fit: {model.Name} needs {stride}n+1 of them (1, {stride + 1}, {(2 * stride) + 1}, …), up "
                    + $"to {MaximumFrames}. The nearest is {NearestFrames(frames, stride)}."
            );
    }

    private static int NearestFrames(double frames, int stride) =>
        Math.Min(
            MaximumFrames,
            (stride * (int)Math.Round(Math.Max(0, Math.Min(frames, MaximumFrames) - 1) / stride, MidpointRounding.AwayFromZero)) + 1
        );

    private static Shape Latents(WanModel model, int width, int height, int frames, int references)
    {
        var vae = model.Vae;
        Shape latents =
        [
            1,
            vae.LatentChannels,
            ((frames - 1) / vae.TemporalStride) + 1 + references,
            height / vae.SpatialStride,
            width / vae.SpatialStride,
        ];
        var tokens = latents[2] * latents[3] * latents[4] / model.Transformer.PatchSize.Volume;
        return tokens <= MaximumTokens
            ? latents
            : throw new InvalidRequestException(
                "size",
                $"{width}x{height} at {frames} frames are {tokens} tokens, more than {MaximumTokens}: "
                    + "ask for a smaller size or fewer frames."
            );
    }

    private static int HighNoiseSteps(GenerationSettings settings, ReadOnlySpan<float> timesteps)
    {
        if (settings.Boundary is not { } boundary)
        {
            return 0;
        }

        var count = 0;
        foreach (var timestep in timesteps)
        {
            count += ExpertBoundary.IsHighNoise(timestep, boundary) ? 1 : 0;
        }

        return count;
    }

    private static string Text<T>(T value)
        where T : INumber<T> => value.ToString(null, CultureInfo.InvariantCulture);
}
