using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using WanSharp.Engine.Guidance;
using WanSharp.Engine.Sampling;
using WanSharp.Engine.StepCaches;
using WanSharp.Graphs.Networks;

namespace WanSharp.Engine.Requests;

/// <summary>Everything that determines a clip, with nothing left open. This is what is embedded in the file.</summary>
public sealed record GenerationSettings
{
    /// <summary>The version of WanSharp that made the clip.</summary>
    public required string Version { get; init; }

    /// <summary>The model's name.</summary>
    public required string Model { get; init; }

    /// <summary>SHA-256 over the model's files, hexadecimal.</summary>
    public required string ModelDigest { get; init; }

    /// <summary>
    /// The names of the model's files by part, if they were found or named one by one; otherwise null. The digest identifies the
    /// model, not the names.
    /// </summary>
    public IReadOnlyDictionary<string, string>? ModelFiles { get; init; }

    /// <summary>
    /// The preset that was asked for; null for none. What it set is below, each thing by itself: a clip is made again without it.
    /// </summary>
    public string? Preset { get; init; }

    /// <inheritdoc cref="GenerationRequest.Prompt"/>
    public required string Prompt { get; init; }

    /// <inheritdoc cref="ClipSettings.NegativePrompt"/>
    public required string NegativePrompt { get; init; }

    /// <inheritdoc cref="ClipSettings.Width"/>
    public required int Width { get; init; }

    /// <inheritdoc cref="ClipSettings.Height"/>
    public required int Height { get; init; }

    /// <summary>Frames that the model made: 4n+1.</summary>
    public required int Frames { get; init; }

    /// <inheritdoc cref="ClipSettings.Fps"/>
    public required int Fps { get; init; }

    /// <inheritdoc cref="ClipSettings.Steps"/>
    public required int Steps { get; init; }

    /// <summary>How strongly the prompt was followed; the scale of the low-noise expert if there are two.</summary>
    public required float GuidanceScale { get; init; }

    /// <summary>The guidance scale of the high-noise expert; null if there is only one transformer.</summary>
    public float? HighNoiseGuidanceScale { get; init; }

    /// <summary>The guidance scale of each step that was asked for; null where the two above say it.</summary>
    public NumberList? GuidanceSteps { get; init; }

    /// <inheritdoc cref="ClipSettings.GuidanceInterval"/>
    public StepInterval? GuidanceInterval { get; init; }

    /// <inheritdoc cref="ClipSettings.CfgZero"/>
    public int? CfgZero { get; init; }

    /// <inheritdoc cref="ClipSettings.Apg"/>
    public ProjectedGuidance? Apg { get; init; }

    /// <inheritdoc cref="ClipSettings.Slg"/>
    public SkippedBlocks? Slg { get; init; }

    /// <inheritdoc cref="ClipSettings.Nag"/>
    public AttentionGuidance? Nag { get; init; }

    /// <summary>Which frequency of the positions in time was slowed down (RIFLEx), from 1; null for none.</summary>
    public int? Riflex { get; init; }

    /// <summary>Frames of the windows that the network saw the clip in; null where it saw all of it at once.</summary>
    public int? ContextFrames { get; init; }

    /// <summary>How many frames these had in common, at least; null likewise.</summary>
    public int? ContextOverlap { get; init; }

    /// <inheritdoc cref="Models.ModelDefaults.Boundary"/>
    public double? Boundary { get; init; }

    /// <inheritdoc cref="ClipSettings.Sampler"/>
    public required string Sampler { get; init; }

    /// <summary>The shift of the noise schedule; 1 where the sampler or a list has its own noise levels.</summary>
    public required double Shift { get; init; }

    /// <summary>The noise level of each step that was asked for, without the 0 at the end; null where they follow from the shift.</summary>
    public NumberList? Sigmas { get; init; }

    /// <summary>What the network was asked to be told at each step; null where that follows from the noise levels.</summary>
    public NumberList? Timesteps { get; init; }

    /// <inheritdoc cref="ClipSettings.Seed"/>
    public required ulong Seed { get; init; }

    /// <summary>How steps were estimated instead of computed, with all numbers; null where all were computed.</summary>
    public StepCacheSetting? StepCache { get; init; }

    /// <summary>Identifies the file of measured numbers that the step cache went by; null where it went by none.</summary>
    public string? StepCacheData { get; init; }

    /// <summary>The LoRAs of the transformer, or of both experts; null for none.</summary>
    public IReadOnlyList<EmbeddedLora>? Loras { get; init; }

    /// <summary>The LoRAs of the high-noise expert alone; null for none.</summary>
    public IReadOnlyList<EmbeddedLora>? HighNoiseLoras { get; init; }

    /// <summary>The LoRAs of the low-noise expert alone; null for none.</summary>
    public IReadOnlyList<EmbeddedLora>? LowNoiseLoras { get; init; }

    /// <summary>The images that were given for frames of the clip.</summary>
    public required IReadOnlyList<EmbeddedImage> Images { get; init; }

    /// <summary>The clip that this one followed or filled in; null for none.</summary>
    public UsedClip? Control { get; init; }

    /// <inheritdoc cref="ClipSettings.ControlFrom"/>
    public string? ControlFrom { get; init; }

    /// <summary>How strongly the control was followed; null where nothing else than 1 was asked for.</summary>
    public double? ControlStrength { get; init; }

    /// <summary>What of the control was made anew; null where all was.</summary>
    public UsedClip? Mask { get; init; }

    /// <inheritdoc cref="ClipSettings.MaskShows"/>
    public string? MaskShows { get; init; }

    /// <inheritdoc cref="ClipSettings.Outpaint"/>
    public NumberList? Outpaint { get; init; }

    /// <summary>The pictures of what the clip shows; null for none.</summary>
    public IReadOnlyList<UsedClip>? References { get; init; }

    /// <summary>How the camera moved: moves, or the file that says it; null for a model that follows none.</summary>
    public UsedClip? Camera { get; init; }

    /// <summary>How far the camera's moves went; null for a file, and for a model that follows none.</summary>
    public double? CameraSpeed { get; init; }

    /// <summary>The file that decoded the clip; null where the model's own VAE did.</summary>
    public UsedNetwork? Decoder { get; init; }

    /// <summary>The file that encoded the clip's images; null where the model's own VAE did.</summary>
    public UsedNetwork? Encoder { get; init; }

    /// <summary>What made frames between those of the model; null where nothing did.</summary>
    public UsedInterpolation? Interpolate { get; init; }

    /// <summary>Frames in the file, where some were made between those of the model; else null, <see cref="Frames"/>.</summary>
    public int? OutputFrames => Interpolate is { } between ? new FrameTimes(between.FromFps, Fps).Count(Frames) : null;

    /// <summary>The file that enlarged the clip's frames; null where none did.</summary>
    public UsedNetwork? Upscale { get; init; }

    /// <summary>How high the frames were asked to become; null for what <see cref="Upscale"/> makes.</summary>
    public int? UpscaleHeight { get; init; }

    /// <summary>Pixels across in the file, where frames became larger; else null, <see cref="Width"/>.</summary>
    public int? OutputWidth => OutputSize is var size && size != new ClipSize(Width, Height) ? size.Width : null;

    /// <summary>Pixels down in the file, where frames became larger; else null, <see cref="Height"/>.</summary>
    public int? OutputHeight => OutputSize is var size && size != new ClipSize(Width, Height) ? size.Height : null;

    /// <summary>
    /// True where frames were made between the clip's, or enlarged, when it was written already: these settings make a clip close to it.
    /// Else null.
    /// </summary>
    public bool? Enhanced { get; init; }

    /// <summary>
    /// The clip with a similar prompt whose steps this one started from; it is close to the clip that these settings make, but not
    /// the same. Null if it started from noise.
    /// </summary>
    public ReusedSteps? Reused { get; init; }

    /// <summary>
    /// What computed the clip: elsewhere, the same settings give the same clip except for rounding. Null in clips of older
    /// versions.
    /// </summary>
    public ExecutionSettings? Execution { get; init; }

    /// <summary>Frames per second of those that the model made.</summary>
    internal int ModelFps => Interpolate?.FromFps ?? Fps;

    /// <summary>The frames as they are decoded.</summary>
    internal ClipSize DecodedSize => new(Width * (Decoder?.Scale ?? 1), Height * (Decoder?.Scale ?? 1));

    /// <summary>The frames in the file.</summary>
    internal ClipSize OutputSize => Upscale is { } upscale ? DecodedSize.Enlarged(upscale.Scale, UpscaleHeight) : DecodedSize;

    private IEnumerable<EmbeddedLora> AllLoras => (Loras ?? []).Concat(HighNoiseLoras ?? []).Concat(LowNoiseLoras ?? []);

    /// <summary>Whether the noise levels follow from a list or the sampler, not from the shift.</summary>
    internal bool HasOwnLevels =>
        this is not { Sigmas: null, Timesteps: null } || (Samplers.TryParse(Sampler, out var kind, out _) && !Samplers.UsesShift(kind));

    /// <summary>The settings to request in order to make the clip again.</summary>
    public ClipSettings ToRequested() =>
        SettingFields.Stored.Aggregate(new ClipSettings(), (settings, field) => field.CopyResolved(this, settings));

    /// <summary>What the clip's sampler is made from.</summary>
    /// <param name="kind">The sampler that <see cref="Sampler"/> names.</param>
    internal SamplerOptions ToSamplerOptions(SamplerKind kind) =>
        new()
        {
            Kind = kind,
            Steps = Steps,
            Shift = Shift,
            Seed = Seed,
            Sigmas = Sigmas,
            Timesteps = Timesteps,
        };

    /// <summary>The settings as one line of JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, SettingsJson.Readable.GenerationSettings);

    /// <summary>Reads settings back.</summary>
    /// <returns>The settings, or null if <paramref name="json"/> does not contain any.</returns>
    public static GenerationSettings? FromJson(string json)
    {
        try
        {
            var settings = JsonSerializer.Deserialize(json, SettingsJson.Default.GenerationSettings);
            // nulls in a list pass the reader
            return
                settings is not null
                && settings.Images.All(image => image is { Sha256: not null })
                && settings.AllLoras.All(lora => lora is { File: not null, Sha256: not null } && Requested(lora) is not null)
                && new[] { settings.Control, settings.Mask, settings.Camera }.Concat(settings.References ?? []).All(IsNamed)
                && IsNamed(settings.Decoder)
                && IsNamed(settings.Encoder)
                && IsNamed(settings.Upscale)
                && settings.Interpolate is null or { Name: not null, Sha256: not null, FromFps: >= 1 }
                ? settings
                : null;
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            return null; // no JSON, other JSON, or no Unicode
        }
    }

    /// <summary>LoRAs as they are requested; null for none.</summary>
    internal static LoraUses? Requested(IReadOnlyList<EmbeddedLora>? loras) =>
        loras is { Count: > 0 } ? new LoraUses([.. loras.Select(lora => Requested(lora)!)]) : null;

    private static LoraUse? Requested(EmbeddedLora lora) =>
        LoraStrength.TryParse(lora.Strength ?? "", out var strength) ? new LoraUse(lora.File, strength) : null;

    /// <summary>A LoRA that a clip was made with.</summary>
    /// <param name="File">The file's name, without its folder: the digest decides, not the name.</param>
    /// <param name="Sha256">SHA-256 of the file, hexadecimal; over the digests of all where several files decide what it does.</param>
    /// <param name="Strength">How strongly it acted, as <see cref="LoraStrength"/> is written.</param>
    public sealed record EmbeddedLora(string File, string Sha256, string Strength);

    private static bool IsNamed(UsedNetwork? network) =>
        network is null or { Name: not null, Sha256: not null, Scale: >= 1 and <= UpscalerConfig.LargestScale };

    private static bool IsNamed(UsedClip? clip) => clip is null or { Name: not null, Sha256: not null };

    /// <summary>Identifies an image that a clip was conditioned on.</summary>
    /// <param name="LatentFrame">The latent frame that shows it.</param>
    /// <param name="Sha256">SHA-256 of the decoded pixels, hexadecimal.</param>
    public sealed record EmbeddedImage(int LatentFrame, string Sha256);
}

/// <summary>Settings as JSON: snake_case, and prompts readable in every language.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(GenerationSettings))]
internal sealed partial class SettingsJson : JsonSerializerContext
{
    public static SettingsJson Readable { get; } =
        new(
            new JsonSerializerOptions
            {
                PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
                DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
                Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            }
        );
}
