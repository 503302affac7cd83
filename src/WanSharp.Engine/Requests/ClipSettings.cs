using System.Text.Json.Serialization;

namespace WanSharp.Engine.Requests;

/// <summary>
/// The settings of a clip, apart from its prompt and images. Null means the model's default. <see cref="SettingFields"/> has one
/// row per setting: its name, help and range, and how it is read and written. The JSON names are those of the rows.
/// </summary>
public record ClipSettings
{
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

    /// <summary>Frames shown per second, 1 to 120.</summary>
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

    /// <summary>The sampler's name: unipc, dpm++, dpm++-karras or euler.</summary>
    [JsonPropertyName("sampler")]
    public string? Sampler { get; init; }

    /// <summary>The shift of the noise schedule, 0.01 to 100: larger spends more steps at high noise.</summary>
    [JsonPropertyName("shift")]
    public double? Shift { get; init; }

    /// <summary>
    /// The seed of the noise: the same seed and settings make the same clip. The engine reads null as 0; other backends choose a
    /// seed.
    /// </summary>
    [JsonPropertyName("seed")]
    public ulong? Seed { get; init; }

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
    /// What decodes the clip instead of the model's own VAE: a file, or the name of one in a models folder. Its frames may be larger
    /// than <see cref="Width"/> and <see cref="Height"/>.
    /// </summary>
    [JsonPropertyName("decoder")]
    public string? Decoder { get; init; }

    /// <summary>What encodes the clip's images instead of the model's own VAE: a file, or the name of one in a models folder.</summary>
    [JsonPropertyName("encoder")]
    public string? Encoder { get; init; }
}
