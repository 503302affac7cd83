using WanSharp.Engine.Sampling;
using WanSharp.Engine.StepCaches;
using WanSharp.Models;
using static WanSharp.Engine.Requests.FieldForms;

namespace WanSharp.Engine.Requests;

/// <summary>
/// The table of a clip's settings. Command options, fields of batch files and styles, job rows, summaries, and the command that
/// makes a clip again are all derived from it, so a setting that is added here is known everywhere. Thread-safe.
/// </summary>
public static class SettingFields
{
    /// <summary>The most frames of a clip.</summary>
    internal const int MaximumFrames = 4 * 1024 + 1;

    /// <summary>Frames shown per second.</summary>
    internal static SettingField Fps { get; } =
        Number("fps", "N", "Frames shown per second.", 1, 120, s => s.Fps, (s, v) => s with { Fps = v }, r => r.Fps);

    /// <summary>Denoise steps.</summary>
    internal static SettingField Steps { get; } =
        Number("steps", "N", "Denoise steps.", 1, Samplers.MaxSteps, s => s.Steps, (s, v) => s with { Steps = v }, r => r.Steps)
            .Marked(ofSteps: true);

    /// <summary>The guidance scale.</summary>
    internal static SettingField Guidance { get; } =
        Number(
                "guidance",
                "SCALE",
                "How strongly to follow the prompt; 1 halves the work.",
                0f,
                100f,
                s => s.GuidanceScale,
                (s, v) => s with { GuidanceScale = v, GuidanceSteps = null },
                r => r.GuidanceSteps is null ? r.GuidanceScale : null,
                excludes: "guidance_steps"
            )
            .Marked(ofSteps: true);

    /// <summary>The high-noise expert's guidance scale.</summary>
    internal static SettingField GuidanceHigh { get; } =
        Number(
                "guidance_high",
                "SCALE",
                "The scale of the high-noise expert, for models with two (Wan 2.2 A14B). Default: that of --guidance.",
                0f,
                100f,
                s => s.HighNoiseGuidanceScale,
                (s, v) => s with { HighNoiseGuidanceScale = v, GuidanceSteps = null },
                r => r.HighNoiseGuidanceScale,
                excludes: "guidance_steps",
                impliedBy: "guidance"
            )
            .Marked(forExperts: true, ofSteps: true);

    /// <summary>The shift of the noise schedule.</summary>
    internal static SettingField Shift { get; } =
        Number(
                "shift",
                "X",
                "Shift of the noise schedule.",
                Samplers.MinShift,
                Samplers.MaxShift,
                s => s.Shift,
                (s, v) => s with { Shift = v },
                r => r.HasOwnLevels ? null : r.Shift
            )
            .Marked(ofSteps: true);

    /// <summary>Where the high-noise expert hands over.</summary>
    internal static SettingField Boundary { get; } =
        Number(
                "boundary",
                "SHARE",
                "The share of the timesteps from which the high-noise expert is used, for models with two experts.",
                0.0,
                1.0,
                s => s.Boundary,
                (s, v) => s with { Boundary = v },
                r => r.Boundary
            )
            .Marked(forExperts: true, ofSteps: true);

    /// <summary>The seed of the noise.</summary>
    public static SettingField Seed { get; } =
        Number(
            "seed",
            "N",
            "Where the noise begins: the same seed makes the same clip.",
            ulong.MinValue,
            ulong.MaxValue,
            s => s.Seed,
            (s, v) => s with { Seed = v },
            r => r.Seed
        );

    /// <summary>The height of enlarged frames.</summary>
    internal static SettingField UpscaleHeight { get; } =
        Number(
            "upscale_height",
            "PIXELS",
            "How high the enlarged frames are, such as 1080; the width follows. Default: what the network of --upscale makes.",
            16,
            ModelLimits.MaximumSide,
            s => s.UpscaleHeight,
            (s, v) => s with { UpscaleHeight = v },
            r => r.UpscaleHeight
        );

    /// <summary>Width and height together.</summary>
    public static SettingField Size { get; } =
        new(
            text => SettingTexts.TryParseSize(text, out var size) ? size : null,
            s => s is { Width: { } width, Height: { } height } ? new ClipSize(width, height) : null,
            (s, v) => s with { Width = ((ClipSize)v).Width, Height = ((ClipSize)v).Height },
            r => new ClipSize(r.Width, r.Height)
        )
        {
            Name = "size",
            ValueName = "WxH",
            Help = "Width and height in pixels. Default: the model's; with an image, the image's shape at that area.",
            Expected = "WIDTHxHEIGHT in pixels, such as 832x480",
            IsComposite = true,
            Excludes = ["width", "height"],
        };

    /// <summary>The preset.</summary>
    public static SettingField Preset { get; } =
        new(text => text.Length > 0 ? text : null, s => s.Preset, (s, v) => s with { Preset = (string)v }, _ => null) // its settings are
        {
            Name = "preset",
            ValueName = "NAME",
            Help = "Settings and LoRAs that belong together, such as lightning-4; `wan presets` lists them.",
            Expected = "a preset's name",
            Example = "lightning-4",
        };

    /// <summary>All fields, in the order in which help shows them.</summary>
    public static IReadOnlyList<SettingField> All { get; } =
    [
        Preset,
        Text(
            "negative",
            "TEXT",
            "What the video must not show.",
            [],
            s => s.NegativePrompt,
            (s, v) => s with { NegativePrompt = v },
            r => r.NegativePrompt
        ),
        Size,
        Side("width", "Pixels across.", s => s.Width, (s, v) => s with { Width = v }, r => r.Width),
        Side("height", "Pixels down.", s => s.Height, (s, v) => s with { Height = v }, r => r.Height),
        Number(
            "frames",
            "N",
            "Frames of video: 4n+1.",
            1,
            MaximumFrames,
            s => s.Frames,
            (s, v) => s with { Frames = v, Seconds = null },
            r => r.Frames,
            excludes: "seconds"
        ),
        Number(
            "seconds",
            "S",
            "Length instead of frames; rounded to 4n+1 frames.",
            0.0,
            MaximumFrames,
            s => s.Seconds,
            (s, v) => s with { Seconds = v, Frames = null },
            _ => null, // a clip has frames
            excludes: "frames",
            excludesMinimum: true
        ),
        Fps,
        Number(
            "context_frames",
            "N",
            "For clips longer than the model's: the frames, 4n+1, that it sees at a time, in windows that overlap. Default: all.",
            5,
            MaximumFrames,
            s => s.ContextFrames,
            (s, v) => s with { ContextFrames = v },
            r => r.ContextFrames
        ),
        Number(
            "context_overlap",
            "N",
            "Frames that a window of --context-frames has in common with the one before it, in steps of 4. Default: a fifth of them.",
            1,
            MaximumFrames,
            s => s.ContextOverlap,
            (s, v) => s with { ContextOverlap = v },
            r => r.ContextOverlap
        ),
        Steps,
        Text(
                "sampler",
                "NAME",
                $"{string.Join(", ", Samplers.Names)}.",
                Samplers.Names,
                s => s.Sampler,
                (s, v) => s with { Sampler = v },
                r => r.Sampler
            )
            .Marked(ofSteps: true),
        Shift,
        List(
                "sigmas",
                "The noise level of each step, from 1 down; instead of --steps and --shift.",
                "1,0.9375,0.8333,0.625",
                s => s.Sigmas,
                (s, v) => s with { Sigmas = v },
                r => r.Sigmas
            )
            .Marked(ofSteps: true),
        List(
                "timesteps",
                "The timestep given to the network at each step, from 1000 down. Also sets the noise levels, unless --sigmas does.",
                "1000,757,522",
                s => s.Timesteps,
                (s, v) => s with { Timesteps = v },
                r => r.Timesteps
            )
            .Marked(ofSteps: true),
        Boundary,
        Guidance,
        GuidanceHigh,
        .. GuidanceFields.All,
        Value<StepCacheSetting>(
            "step_cache",
            "POLICY[:NUMBERS]",
            $"Estimate steps from earlier ones: {string.Join(", ", StepCacheSetting.Policies)}.",
            $"{string.Join(", ", StepCacheSetting.Policies)}, with numbers or without, such as easy:0.05",
            "easy:0.05",
            s => s.StepCache,
            (s, v) => s with { StepCache = v },
            r => r.StepCache
        ),
        Seed,
        Loras(
            "lora",
            "A LoRA, and how strongly it acts; may be given several times.",
            s => s.Loras,
            (s, v) => s with { Loras = v },
            r => r.Loras
        ),
        Loras(
                "lora_high",
                "A LoRA of the high-noise expert alone, for models with two (Wan 2.2 A14B).",
                s => s.HighNoiseLoras,
                (s, v) => s with { HighNoiseLoras = v },
                r => r.HighNoiseLoras
            )
            .Marked(forExperts: true),
        Loras(
                "lora_low",
                "A LoRA of the low-noise expert alone.",
                s => s.LowNoiseLoras,
                (s, v) => s with { LowNoiseLoras = v },
                r => r.LowNoiseLoras
            )
            .Marked(forExperts: true),
        .. ControlFields.All,
        FileName(
            "decoder",
            "What decodes the frames instead of the model's VAE: a tiny decoder (taew2_1, lighttaew2_1, …), LightVAE, a VAE for "
                + "twice the size; a file or its name in a models folder.",
            s => s.Decoder,
            (s, v) => s with { Decoder = v },
            r => r.Decoder?.Name
        ),
        FileName(
            "encoder",
            "What encodes given images instead of the model's VAE: a file or a name, as for --decoder.",
            s => s.Encoder,
            (s, v) => s with { Encoder = v },
            r => r.Encoder?.Name
        ),
        FileName(
            "interpolate",
            "What makes frames between the model's, up to --fps (default: twice the model's): RIFE's network (rife47, …), a file or its "
                + "name in a models folder; or ffmpeg, by its estimate of motion.",
            s => s.Interpolate,
            (s, v) => s with { Interpolate = v },
            r => r.Interpolate?.Name
        ),
        FileName(
            "upscale",
            "What enlarges the finished frames: a network of Real-ESRGAN's kinds (realesr-animevideov3, RealESRGAN_x2plus, …); a file or "
                + "its name in a models folder.",
            s => s.Upscale,
            (s, v) => s with { Upscale = v },
            r => r.Upscale?.Name
        ),
        UpscaleHeight,
    ];

    /// <summary>The fields that are stored: all except composites.</summary>
    public static IEnumerable<SettingField> Stored => All.Where(one => !one.IsComposite);

    /// <summary>The field of a name, ignoring case; null if there is none.</summary>
    public static SettingField? Find(string name) =>
        All.FirstOrDefault(field => field.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>Settings without the values of some fields.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="leavesOut">Whether a field is left out.</param>
    public static ClipSettings Without(ClipSettings settings, Func<SettingField, bool> leavesOut)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(leavesOut);
        return Stored.Where(field => !leavesOut(field)).Aggregate(new ClipSettings(), (kept, field) => field.Copy(settings, kept));
    }

    /// <summary>Fills what settings leave open from other settings.</summary>
    /// <param name="settings">The settings that take precedence. A guidance scale given alone applies to both experts.</param>
    /// <param name="defaults">The settings that fill the gaps.</param>
    public static T Fill<T>(T settings, ClipSettings defaults)
        where T : ClipSettings
    {
        ArgumentNullException.ThrowIfNull(settings);
        var filled = settings;
        foreach (var field in Stored.Where(field => field.Get(settings) is null && !IsGivenOtherwise(field, settings)))
        {
            filled = field.Copy(defaults, filled);
        }

        return filled;
    }

    /// <summary>Fills what settings leave open. LoRAs join, defaults' first; the settings' own replaces one of the same file.</summary>
    /// <inheritdoc cref="Fill" path="/param"/>
    public static T FillAndJoin<T>(T settings, ClipSettings defaults)
        where T : ClipSettings
    {
        ArgumentNullException.ThrowIfNull(settings);
        List<LoraUse> own =
        [
            .. new[] { settings.Loras, settings.HighNoiseLoras, settings.LowNoiseLoras }.OfType<LoraUses>().SelectMany(uses => uses),
        ];
        return Fill(settings, defaults) with
        {
            Loras = Joined(defaults.Loras, settings.Loras),
            HighNoiseLoras = Joined(defaults.HighNoiseLoras, settings.HighNoiseLoras),
            LowNoiseLoras = Joined(defaults.LowNoiseLoras, settings.LowNoiseLoras),
        };

        LoraUses? Joined(LoraUses? first, LoraUses? then)
        {
            List<LoraUse> all = [.. first?.Where(use => !own.Exists(use.IsOfSameFile)) ?? [], .. then ?? new LoraUses()];
            return all.Count > 0 ? new LoraUses(all) : null;
        }
    }

    /// <summary>
    /// The settings that have a value, with its text, in the order of help; a composite stands for its parts, and a list has a row
    /// for each of its values. Tables, summaries and commands are made from it.
    /// </summary>
    public static IEnumerable<(SettingField Field, string Value)> Shown(ClipSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return from field in All where !field.IsPart from value in field.PrintEach(settings) select (field, value);
    }

    /// <summary>The options of <c>wan generate</c> that ask for settings, with their values.</summary>
    /// <exception cref="ArgumentException">Only one of width and height is set, and no option expresses that.</exception>
    public static IEnumerable<(string Option, string Value)> CommandLine(ClipSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        if (settings.Width is null != settings.Height is null)
        {
            throw new ArgumentException("A width without a height, or the reverse, cannot be written as --size.", nameof(settings));
        }

        return Shown(settings).Select(shown => (shown.Field.Option!, shown.Value));
    }

    private static bool IsGivenOtherwise(SettingField field, ClipSettings settings) =>
        field.Excludes.Append(field.ImpliedBy).Any(other => other is not null && Find(other)!.Get(settings) is not null);
}
