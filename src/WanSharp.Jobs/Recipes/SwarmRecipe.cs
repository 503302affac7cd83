using System.Globalization;
using System.Text.Json.Nodes;
using WanSharp.Jobs.Comfy;
using static System.FormattableString;

namespace WanSharp.Jobs.Recipes;

/// <summary>Reads SwarmUI's <c>sui_image_params</c>. Source: mcmonkeyprojects/SwarmUI:src/Text2Image/T2IParamTypes.cs.</summary>
internal static class SwarmRecipe
{
    private const string Name = "sui_image_params";

    // What it gives ComfyUI where nothing is said. Source: src/BuiltinExtensions/ComfyUIBackend/WorkflowGenerator.cs (CreateKSampler,
    // Text2VideoFPS), WorkflowGeneratorSteps.cs (VideoSteps) and WorkflowGeneratorModelSupport.cs (Text2VideoFrames).
    private const string UsualSampler = "euler";
    private const string UsualSchedule = "simple";
    private const int UsualStepsOfImages = 20;
    private const int UsualFrames = 81;
    private const int UsualFps = 24;

    private const string FullSteps = "StepSwap";
    private const string OfImages = "Image";
    private const string OfBoth = "Image Aspect, Model Res";

    // Where a LoRA acts. Source: src/Text2Image/T2IParamInput.cs (SectionID_…), WorkflowGeneratorSteps.cs (LoadLorasForConfinement).
    private const int EveryStage = -1;
    private const int AllStages = 0;
    private const int RefinerStage = 1;
    private const int VideoStage = 2;
    private const int SwapStage = 3;
    private const int BaseStage = 5;

    // What changes no clip, or is read here.
    private static readonly HashSet<string> Known = new(StringComparer.OrdinalIgnoreCase)
    {
        "prompt",
        "negativeprompt",
        "originalprompt",
        "originalnegativeprompt",
        "original_prompt",
        "original_negativeprompt",
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
        "lorasectionconfinement",
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
        var stages = SwarmStages.Of(settings);
        SetMeasures(draft, settings, stages);
        var prompt = ReadText(draft, settings, "prompt", "prompt", stages);
        var negative = Text(settings, "negativeprompt") is null
            ? null
            : ReadText(draft, settings, "negativeprompt", "negative prompt", stages);
        draft.Settings = draft.Settings with
        {
            NegativePrompt = negative is { Length: > 0 } ? negative : null,
            Shift = Number(settings, "sigmashift") ?? ComfySchedule.WanShift,
            Seed = ulong.TryParse(settings["seed"]?.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var seed)
                ? seed
                : null,
        };
        ReadGuidance(draft, settings, stages);
        ReadSteps(draft, settings, stages);
        ReadLoras(draft, settings, stages);
        if (stages.IsFromImage)
        {
            draft.Miss("the first frame is a picture that was made separately: give it with --image");
        }

        foreach (var (name, value) in settings.Where(one => !IsKnown(one.Key, stages) && !RecipeValues.IsEmpty(one.Value)))
        {
            draft.Miss($"{name} {RecipeValues.Short(value)}");
        }

        return draft.Finish("SwarmUI", prompt) with
        {
            Model = stages.HasTurn ? null : stages.First,
            HighNoiseModel = stages.HasTurn ? stages.First : null,
            LowNoiseModel = stages.HasTurn ? stages.Second : null,
        };
    }

    private static bool IsKnown(string name, SwarmStages stages) => Known.Contains(name) || stages.Takes(name);

    /// <summary>The text of the stage that makes the first steps.</summary>
    private static string ReadText(RecipeDraft draft, JsonObject settings, string name, string what, SwarmStages stages)
    {
        var prompt = new SwarmPrompt(Text(settings, name) ?? "");
        var text = prompt.First(stages.IsFromImage);
        if (stages.HasTurn && prompt.Second(stages.IsFromImage) != text)
        {
            draft.Miss($"each of the experts has its own {what}: that of the first is taken");
        }

        if (prompt.OfParts.Count > 0)
        {
            draft.Miss($"{string.Join(", ", prompt.OfParts.Distinct().Take(4))} of the {what}, which change parts of the picture only");
        }

        return PromptForms.Swarm.Read(text, what, draft);
    }

    private static void ReadGuidance(RecipeDraft draft, JsonObject settings, SwarmStages stages)
    {
        var first = stages.IsFromImage ? Said(draft, settings, "videocfg", stages.Class?.Guidance) : Number(settings, "cfgscale");
        var second = stages.HasTurn && !stages.IsFromImage ? Number(settings, "refinercfgscale") ?? first : first;
        draft.Settings = draft.Settings with
        {
            GuidanceScale = (float?)second,
            HighNoiseGuidanceScale = first == second ? null : (float?)first,
        };
    }

    private static void ReadSteps(RecipeDraft draft, JsonObject settings, SwarmStages stages)
    {
        var list = draft.SetComfySampler(
            Text(settings, "sampler") ?? UsualSampler,
            Text(settings, "scheduler") ?? UsualSchedule,
            isKSampler: true
        );
        if (stages.HasTurn && draft.Settings.Steps is { } steps)
        {
            // Rounded to even, as there.
            var turn = (int)Math.Round(steps * (1 - stages.Share));
            list = list is null ? null : list with { Turn = turn };
            if (list is null)
            {
                draft.Miss(Invariant($"the experts change after {turn} steps, whose noise levels are not known"));
            }

            if (stages.IsRenoised)
            {
                draft.Miss(
                    Invariant($"{FullSteps} takes all noise away after {turn} steps and adds new noise for the rest: here they go on")
                );
            }
        }

        if (list is not null)
        {
            draft.SetSteps(list);
        }
    }

    /// <summary>Each LoRA acts in all stages, or in one.</summary>
    private static void ReadLoras(RecipeDraft draft, JsonObject settings, SwarmStages stages)
    {
        var (weights, places) = (List(settings["loraweights"]), List(settings["lorasectionconfinement"]));
        foreach (var (lora, index) in List(settings["loras"]).Select((lora, index) => (lora, index)))
        {
            var place = int.TryParse(places.ElementAtOrDefault(index), CultureInfo.InvariantCulture, out var id) ? id : EveryStage;
            var (first, second) = stages.IsFromImage ? (VideoStage, SwapStage) : (BaseStage, RefinerStage);
            bool? expert = place == first;
            if (place is EveryStage or AllStages || (place == first && !stages.HasTurn))
            {
                expert = null;
            }
            else if (place != first && (place != second || !stages.HasTurn))
            {
                continue; // of the picture before the clip, or of a part of it
            }

            draft.AddLora(WithExtension(lora), weights.ElementAtOrDefault(index) ?? "1", expert);
        }
    }

    private static void SetMeasures(RecipeDraft draft, JsonObject settings, SwarmStages stages)
    {
        if (!stages.IsFromImage)
        {
            draft.SetSize(Number(settings, "width"), Number(settings, "height"));
            draft.SetFrames(Number(settings, "textvideoframes", "text2videoframes", "videoframes") ?? UsualFrames);
            draft.SetFps(Number(settings, "textvideofps", "text2videofps", "videofps") ?? UsualFps);
            draft.SetSteps(Number(settings, "steps"));
            return;
        }

        SetSizeOfVideo(draft, settings, stages.Class);
        draft.SetFrames(Said(draft, settings, "videoframes", stages.Class?.Frames));
        draft.SetFps(Said(draft, settings, "videofps", stages.Class?.Fps));
        draft.SetSteps(Number(settings, "videosteps") ?? UsualStepsOfImages);
    }

    /// <summary>The width and height in the settings are those of the picture, whose proportions alone the clip has from it.</summary>
    private static void SetSizeOfVideo(RecipeDraft draft, JsonObject settings, SwarmVideoModel? model)
    {
        var kind = Text(settings, "videoresolution");
        if (Number(settings, "width") is not (> 0 and var width) || Number(settings, "height") is not (> 0 and var height))
        {
            draft.Miss("width and height, which are not said");
        }
        else if (kind == OfImages)
        {
            var scale = Number(settings, "refinerupscale") ?? 1;
            draft.SetSize(Math.Round(width * scale), Math.Round(height * scale));
        }
        else if (model is null)
        {
            draft.Miss("the size, which is SwarmUI's for the model: it is not that of the picture");
        }
        else
        {
            var (w, h) = kind == OfBoth ? model.Fit(width, height) : (model.Side, model.Side);
            draft.SetSize(w, h);
        }
    }

    /// <summary>A number, or SwarmUI's own for the model where that is known.</summary>
    private static double? Said(RecipeDraft draft, JsonObject settings, string name, double? usual)
    {
        var number = Number(settings, name) ?? usual;
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
