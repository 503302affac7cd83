using System.Text.Json.Serialization;
using WanSharp.Engine.Guidance;
using WanSharp.Engine.Sampling;
using WanSharp.Engine.StepCaches;

namespace WanSharp.Engine.Requests;

/// <summary>
/// The settings of a clip, apart from its prompt and images. Null means the model's default. <see cref="SettingFields"/> has one
/// row per setting: its name, help and range, and how it is read and written. The JSON names are those of the rows.
/// </summary>
public record ClipSettings
{
    /// <summary>
    /// The name of a preset: settings, and LoRAs, that belong together. What the request says itself stays.
    /// </summary>
    [JsonPropertyName("preset")]
    public string? Preset { get; init; }

    /// <summary>What the video must not show: the text of guidance's second branch.</summary>
    [JsonPropertyName("negative")]
    public string? NegativePrompt { get; init; }

    /// <summary>
    /// Pixels across; a multiple of the model's stride (16 for most). If images are given but no size, the clip takes the first
    /// image's aspect ratio at about the area of the model's default size, as the official pipelines do.
    /// </summary>
    [JsonPropertyName("width")]
    public int? Width { get; init; }

    /// <summary>Pixels down; a multiple of the model's stride. See <see cref="Width"/>.</summary>
    [JsonPropertyName("height")]
    public int? Height { get; init; }

    /// <summary>Frames of video: 4n+1. Excludes <see cref="Seconds"/>.</summary>
    [JsonPropertyName("frames")]
    public int? Frames { get; init; }

    /// <summary>Length of the video, rounded to the nearest 4n+1 frames. Excludes <see cref="Frames"/>.</summary>
    [JsonPropertyName("seconds")]
    public double? Seconds { get; init; }

    /// <summary>Frames shown per second, 1 to 120. Default: the model's, or twice as many for clips that are interpolated.</summary>
    [JsonPropertyName("fps")]
    public int? Fps { get; init; }

    /// <summary>Denoise steps, 1 to 1000.</summary>
    [JsonPropertyName("steps")]
    public int? Steps { get; init; }

    /// <summary>
    /// How strongly to follow the prompt, 0 to 100. At 1 the second branch is skipped, which halves the work. In a model with two
    /// experts it applies to both, or to the low-noise one only if <see cref="HighNoiseGuidanceScale"/> is set.
    /// </summary>
    [JsonPropertyName("guidance")]
    public float? GuidanceScale { get; init; }

    /// <summary>
    /// The scale of the high-noise expert, 0 to 100, for models with two experts. Diffusers' pipelines and video APIs call this one
    /// <c>guidance_scale</c>, and <see cref="GuidanceScale"/> <c>guidance_scale_2</c>; pairs in the official code are (low, high).
    /// </summary>
    [JsonPropertyName("guidance_high")]
    public float? HighNoiseGuidanceScale { get; init; }

    /// <summary>
    /// The guidance scale of each step, 0 to 100, as many as there are steps, instead of <see cref="GuidanceScale"/>. Steps of 1 take one
    /// pass.
    /// </summary>
    [JsonPropertyName("guidance_steps")]
    public NumberList? GuidanceSteps { get; init; }

    /// <summary>The steps that are guided; the others follow the prompt alone, at half the work. Default: all.</summary>
    [JsonPropertyName("guidance_interval")]
    public StepInterval? GuidanceInterval { get; init; }

    /// <summary>
    /// CFG-Zero*: the negative prompt's velocity at its best length, and how many of the first steps take no velocity at all: 1 in the
    /// official code. Default: plain guidance.
    /// </summary>
    [JsonPropertyName("cfg_zero")]
    public int? CfgZero { get; init; }

    /// <summary>Adaptive projected guidance. Default: plain guidance.</summary>
    [JsonPropertyName("apg")]
    public ProjectedGuidance? Apg { get; init; }

    /// <summary>The blocks that the negative prompt's pass leaves out (skip-layer guidance). Default: none.</summary>
    [JsonPropertyName("slg")]
    public SkippedBlocks? Slg { get; init; }

    /// <summary>
    /// Guidance in the attention to the prompts, which needs no second pass and works where <see cref="GuidanceScale"/> is 1. Default:
    /// none.
    /// </summary>
    [JsonPropertyName("nag")]
    public AttentionGuidance? Nag { get; init; }

    /// <summary>
    /// RIFLEx: which frequency of the positions in time is slowed down, from 1, so that a clip longer than those that the model learned
    /// from does not repeat itself; <c>auto</c> for the usual one, in clips that are longer. Default: none.
    /// </summary>
    [JsonPropertyName("riflex")]
    public string? Riflex { get; init; }

    /// <summary>
    /// For clips longer than the model's: the frames of video, 4n+1, that the network sees at a time. Windows of so many overlap, and what
    /// they say of the same frame is blended in each step. Changes nothing in a clip that is no longer. Default: all frames at once.
    /// </summary>
    [JsonPropertyName("context_frames")]
    public int? ContextFrames { get; init; }

    /// <summary>
    /// How many frames of <see cref="ContextFrames"/> a window has in common with the one before it, at least: a multiple of the frames
    /// that a latent frame stands for (4). Default: about a fifth of them.
    /// </summary>
    [JsonPropertyName("context_overlap")]
    public int? ContextOverlap { get; init; }

    /// <summary>The sampler's name, one of <see cref="Samplers.Names"/>.</summary>
    [JsonPropertyName("sampler")]
    public string? Sampler { get; init; }

    /// <summary>The shift of the noise schedule, 0.01 to 100: larger spends more steps at high noise.</summary>
    [JsonPropertyName("shift")]
    public double? Shift { get; init; }

    /// <summary>
    /// The noise level of each step: decreasing, above 0 and up to 1; a 0 at the end may be left out. As many as there are steps, and
    /// instead of <see cref="Shift"/>.
    /// </summary>
    [JsonPropertyName("sigmas")]
    public NumberList? Sigmas { get; init; }

    /// <summary>
    /// What the network is told at each step: decreasing, above 0 and up to 1000. The noise levels are the thousandths of it, unless
    /// <see cref="Sigmas"/> are given, too.
    /// </summary>
    [JsonPropertyName("timesteps")]
    public NumberList? Timesteps { get; init; }

    /// <summary>
    /// For models of two experts: the share of the timesteps from which on the high-noise expert takes a step, 0 to 1.
    /// </summary>
    [JsonPropertyName("boundary")]
    public double? Boundary { get; init; }

    /// <summary>
    /// The seed of the noise: the same seed and settings make the same clip. The engine reads null as 0; other backends choose a
    /// seed.
    /// </summary>
    [JsonPropertyName("seed")]
    public ulong? Seed { get; init; }

    /// <summary>Which steps are estimated from earlier ones instead of computed. Default: none.</summary>
    [JsonPropertyName("step_cache")]
    public StepCacheSetting? StepCache { get; init; }

    /// <summary>LoRAs that change the transformer, or both experts where there are two.</summary>
    [JsonPropertyName("lora")]
    public LoraUses? Loras { get; init; }

    /// <summary>LoRAs of the high-noise expert alone, for models of two experts; they come on top of <see cref="Loras"/>.</summary>
    [JsonPropertyName("lora_high")]
    public LoraUses? HighNoiseLoras { get; init; }

    /// <summary>LoRAs of the low-noise expert alone, for models of two experts; they come on top of <see cref="Loras"/>.</summary>
    [JsonPropertyName("lora_low")]
    public LoraUses? LowNoiseLoras { get; init; }

    /// <summary>
    /// The clip that this one follows, or fills in where <see cref="Mask"/> says so: a file, and the seconds of it that are meant
    /// (<see cref="ClipPart"/>). For models that take one (VACE). Default: none.
    /// </summary>
    [JsonPropertyName("control")]
    public string? Control { get; init; }

    /// <summary>
    /// What of <see cref="Control"/> is followed: <c>canny</c>, its edges, or <c>luma</c>, its brightness. Default: all that it shows.
    /// </summary>
    [JsonPropertyName("control_from")]
    public string? ControlFrom { get; init; }

    /// <summary>How strongly the control and the references are followed, 0 to 2. Default: 1.</summary>
    [JsonPropertyName("control_strength")]
    public double? ControlStrength { get; init; }

    /// <summary>
    /// What of <see cref="Control"/> is made anew: where a clip or a picture is white; or <c>keep</c>, nothing except what follows it and
    /// what is around it. Default: all of it, after its model.
    /// </summary>
    [JsonPropertyName("mask")]
    public string? Mask { get; init; }

    /// <summary>
    /// What is followed where <see cref="Mask"/> is white: <c>grey</c>, nothing, or <c>control</c>, what <see cref="Control"/> shows there.
    /// Default: nothing; with <see cref="ControlFrom"/>, what that makes.
    /// </summary>
    [JsonPropertyName("mask_shows")]
    public string? MaskShows { get; init; }

    /// <summary>The shares of the frame that are made around <see cref="Control"/>: left, top, right, bottom. Default: none.</summary>
    [JsonPropertyName("outpaint")]
    public NumberList? Outpaint { get; init; }

    /// <summary>Pictures of what the clip shows, separated by <see cref="LoraUse.Separator"/>. Default: none.</summary>
    [JsonPropertyName("reference")]
    public string? References { get; init; }

    /// <summary>
    /// How the camera moves: names of moves joined by <c>+</c>, or a file with the camera of each frame. For models that follow one (Fun
    /// Camera). Default: none.
    /// </summary>
    [JsonPropertyName("camera")]
    public string? Camera { get; init; }

    /// <summary>How far the moves of <see cref="Camera"/> go, 0 to 10. Default: 1.</summary>
    [JsonPropertyName("camera_speed")]
    public double? CameraSpeed { get; init; }

    /// <summary>
    /// What decodes the clip instead of the model's own VAE: a file, or the name of one in a models folder. Its frames may be larger
    /// than <see cref="Width"/> and <see cref="Height"/>.
    /// </summary>
    [JsonPropertyName("decoder")]
    public string? Decoder { get; init; }

    /// <summary>What encodes the clip's images instead of the model's own VAE: a file, or the name of one in a models folder.</summary>
    [JsonPropertyName("encoder")]
    public string? Encoder { get; init; }

    /// <summary>
    /// What makes frames between those of the model, so that the clip has <see cref="Fps"/> of them: a file, the name of one in a models
    /// folder, or <c>ffmpeg</c>. <see cref="Frames"/> and <see cref="Seconds"/> say how many the model makes, at its own rate. Default:
    /// nothing does.
    /// </summary>
    [JsonPropertyName("interpolate")]
    public string? Interpolate { get; init; }

    /// <summary>What enlarges the finished frames: a file, or the name of one in a models folder. Default: nothing does.</summary>
    [JsonPropertyName("upscale")]
    public string? Upscale { get; init; }

    /// <summary>
    /// How high the enlarged frames are, in pixels: even, and at most what <see cref="Upscale"/> makes; the width follows. Default: what
    /// it makes.
    /// </summary>
    [JsonPropertyName("upscale_height")]
    public int? UpscaleHeight { get; init; }
}
