using System.Globalization;
using System.Text.Json.Nodes;
using WanSharp.Jobs.Comfy;
using static System.FormattableString;

namespace WanSharp.Jobs.Recipes;

/// <summary>Reads SwarmUI's <c>sui_image_params</c>. Source: mcmonkeyprojects/SwarmUI:src/Text2Image/T2IParamTypes.cs.</summary>
internal static class SwarmRecipe
{
    private const string Name = "sui_image_params";

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
        draft.SetSize(Number(settings, "width"), Number(settings, "height"));
        draft.SetFrames(Number(settings, isFromImage ? "videoframes" : "textvideoframes", "text2videoframes", "videoframes"));
        draft.SetFps(Number(settings, isFromImage ? "videofps" : "textvideofps", "text2videofps", "videofps"));
        draft.SetSteps(Number(settings, isFromImage ? "videosteps" : "steps", "steps"));
        draft.SetSampler(Text(settings, "sampler"), Text(settings, "scheduler"));
        draft.Settings = draft.Settings with
        {
            NegativePrompt = Text(settings, "negativeprompt"),
            GuidanceScale = (float?)Number(settings, isFromImage ? "videocfg" : "cfgscale", "cfgscale"),
            Shift = Number(settings, "sigmashift"),
            Seed = ulong.TryParse(settings["seed"]?.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var seed)
                ? seed
                : null,
        };
        var weights = List(settings["loraweights"]);
        foreach (var (lora, index) in List(settings["loras"]).Select((lora, index) => (lora, index)))
        {
            draft.AddLora(WithExtension(lora), weights.ElementAtOrDefault(index) ?? "1", expert: null);
        }

        if (isFromImage)
        {
            draft.Miss("the first frame is a picture that was made separately: give it with --image");
        }

        if (Number(settings, "videoswappercent") is { } percent)
        {
            draft.Miss(Invariant($"the experts change after {percent:0.###} of the steps"));
        }

        foreach (var (name, value) in settings.Where(one => !Known.Contains(one.Key) && !RecipeValues.IsEmpty(one.Value)))
        {
            draft.Miss($"{name} {RecipeValues.Short(value)}");
        }

        var (model, swap) = (Text(settings, isFromImage ? "videomodel" : "model"), Text(settings, "videoswapmodel"));
        return draft.Finish("SwarmUI", Text(settings, "prompt") ?? "") with
        {
            Model = swap is null ? model : null,
            HighNoiseModel = swap is null ? null : model,
            LowNoiseModel = swap,
        };
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
