using System.Globalization;
using System.Text.Json.Nodes;
using WanSharp.Jobs.Comfy;

namespace WanSharp.Jobs.Recipes;

/// <summary>Reads SwarmUI's <c>sui_image_params</c>. Source: mcmonkeyprojects/SwarmUI:src/Text2Image/T2IParamTypes.cs.</summary>
internal static class SwarmRecipe
{
    private const string Name = "sui_image_params";

    // What it gives ComfyUI where nothing is said. Source: src/BuiltinExtensions/ComfyUIBackend/WorkflowGenerator.cs (DefaultSampler,
    // DefaultScheduler, Text2VideoFPS), WorkflowGeneratorSteps.cs (VideoSteps) and WorkflowGeneratorModelSupport.cs (Text2VideoFrames).
    private const string UsualSampler = "euler";
    private const string UsualSchedule = "normal";
    private const string UsualScheduleOfImages = "simple";
    private const double UsualSwapShare = 0.5;
    private const int UsualStepsOfImages = 20;
    private const int UsualFrames = 81;
    private const int UsualFps = 24;

    // What changes no clip, or is read here.
    private static readonly HashSet<string> Known = new(StringComparer.OrdinalIgnoreCase)
    {
        "prompt",
        "negativeprompt",
        "originalprompt",
        "originalnegativeprompt",
        "model",
        "videomodel",
        "videoswapmodel",
        "seed",
        "steps",
        "videosteps",
        "cfgscale",
        "videocfg",
        "width",
        "height",
        "sidelength",
        "aspectratio",
        "videoresolution",
        "sampler",
        "scheduler",
        "sigmashift",
        "loras",
        "loraweights",
        "loratencweights",
        "textvideoframes",
        "text2videoframes",
        "videoframes",
        "textvideofps",
        "text2videofps",
        "videofps",
        "textvideoformat",
        "text2videoformat",
        "videoformat",
        "images",
        "batchsize",
        "automaticvae",
        "vae",
        "swarm_version",
        "personalnote",
        "imageformat",
        "presets",
        "modelspecificenhancements",
        "colordepth",
        "donotsave",
        "nopreviews",
        "modelhash",
        "videoswappercent",
    };

    /// <summary>The settings in a document; null when there are none.</summary>
    public static JsonObject? Find(JsonObject json) => json[Name] as JsonObject;

    public static Recipe Read(JsonObject settings)
    {
        var draft = new RecipeDraft();
        var isFromImage = Text(settings, "videomodel") is not null;
        SetMeasures(draft, settings, isFromImage);
        draft.Settings = draft.Settings with
        {
            NegativePrompt = Text(settings, "negativeprompt") is { } negative
                ? PromptForms.Swarm.Read(negative, "negative prompt", draft)
                : null,
            GuidanceScale = (float?)(isFromImage ? Said(draft, settings, "videocfg") : Number(settings, "cfgscale")),
            Shift = Number(settings, "sigmashift") ?? ComfySchedule.WanShift,
            Seed = ulong.TryParse(settings["seed"]?.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var seed)
                ? seed
                : null,
        };
        var levels = draft.SetComfySampler(
            Text(settings, "sampler") ?? UsualSampler,
            Text(settings, "scheduler") ?? (isFromImage ? UsualScheduleOfImages : UsualSchedule),
            isKSampler: true
        );
        if (Text(settings, "videoswapmodel") is not null && levels is not null)
        {
            var share = Number(settings, "videoswappercent") ?? UsualSwapShare;
            draft.SetTurn((int)Math.Round(draft.Settings.Steps!.Value * (1 - share)), levels);
        }

        draft.SetLevels(levels);
        var weights = List(settings["loraweights"]);
        foreach (var (lora, index) in List(settings["loras"]).Select((lora, index) => (lora, index)))
        {
            draft.AddLora(WithExtension(lora), weights.ElementAtOrDefault(index) ?? "1", expert: null);
        }

        if (isFromImage)
        {
            draft.Miss("the first frame is a picture that was made separately: give it with --image");
        }

        foreach (var (name, value) in settings.Where(one => !Known.Contains(one.Key) && !RecipeValues.IsEmpty(one.Value)))
        {
            draft.Miss($"{name} {RecipeValues.Short(value)}");
        }

        var (model, swap) = (Text(settings, isFromImage ? "videomodel" : "model"), Text(settings, "videoswapmodel"));
        return draft.Finish("SwarmUI", PromptForms.Swarm.Read(Text(settings, "prompt") ?? "", "prompt", draft)) with
        {
            Model = swap is null ? model : null,
            HighNoiseModel = swap is null ? null : model,
            LowNoiseModel = swap,
        };
    }

    private static void SetMeasures(RecipeDraft draft, JsonObject settings, bool isFromImage)
    {
        draft.SetSize(Number(settings, "width"), Number(settings, "height"));
        if (isFromImage)
        {
            draft.SetFrames(Said(draft, settings, "videoframes"));
            draft.SetFps(Said(draft, settings, "videofps"));
            draft.SetSteps(Number(settings, "videosteps") ?? UsualStepsOfImages);
        }
        else
        {
            draft.SetFrames(Number(settings, "textvideoframes", "text2videoframes", "videoframes") ?? UsualFrames);
            draft.SetFps(Number(settings, "textvideofps", "text2videofps", "videofps") ?? UsualFps);
            draft.SetSteps(Number(settings, "steps"));
        }
    }

    /// <summary>A number without which SwarmUI takes one that we do not know.</summary>
    private static double? Said(RecipeDraft draft, JsonObject settings, string name)
    {
        var number = Number(settings, name);
        if (number is null)
        {
            draft.Miss($"{name}, which is not said: SwarmUI takes its own default for the model");
        }

        return number;
    }

    private static string WithExtension(string lora) =>
        Path.HasExtension(lora) && Path.GetExtension(lora).Length > 4 ? lora : lora + ".safetensors";

    /// <summary>A list, which may be written as one text with commas.</summary>
    private static List<string> List(JsonNode? value) =>
        value.Text() is { } text
            ? [.. text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)]
            : [.. value.Items().Where(one => one is not null).Select(one => one!.ToString())];

    private static string? Text(JsonObject settings, string name) => settings[name].Text() is { Length: > 0 } text ? text : null;

    private static double? Number(JsonObject settings, params string[] names) =>
        names.Select(name => RecipeValues.Number(settings[name])).FirstOrDefault(number => number is not null);
}
