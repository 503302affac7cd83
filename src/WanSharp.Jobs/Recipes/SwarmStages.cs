using System.Text.Json.Nodes;
using WanSharp.Jobs.Comfy;

namespace WanSharp.Jobs.Recipes;

/// <summary>
/// Which networks of SwarmUI made a clip: one, or two that share its steps. Source:
/// mcmonkeyprojects/SwarmUI:src/BuiltinExtensions/ComfyUIBackend/WorkflowGeneratorSteps.cs (Sampler, Refiner, Image To Video),
/// docs/Video Model Support.md.
/// </summary>
internal sealed record SwarmStages
{
    private const double UsualShare = 0.5;
    private const string OfPictures = "refiner";

    private static readonly HashSet<string> OfTwo = new(StringComparer.OrdinalIgnoreCase)
    {
        "refinermodel",
        "refinermethod",
        "refinercontrolpercentage",
        "refinercfgscale",
    };

    /// <summary>Whether a network makes the clip of a picture that another made.</summary>
    public bool IsFromImage { get; private init; }

    /// <summary>The network that takes the first steps, or all.</summary>
    public string? First { get; private init; }

    /// <summary>The network that takes over from it; null where it takes all.</summary>
    public string? Second { get; private init; }

    /// <summary>Whether the steps are shared.</summary>
    public bool HasTurn => Second is not null;

    /// <summary>The share of the steps that the second takes.</summary>
    public double Share { get; private init; }

    /// <summary>Whether the second begins with new noise.</summary>
    public bool IsRenoised { get; private init; }

    /// <summary>What the first network's name tells of its class, where it makes a clip of a picture.</summary>
    public SwarmVideoModel? Class { get; private init; }

    /// <summary>Whether a setting is read here, or says nothing of the clip.</summary>
    public bool Takes(string name) =>
        IsFromImage ? name.StartsWith(OfPictures, StringComparison.OrdinalIgnoreCase) : HasTurn && OfTwo.Contains(name);

    public static SwarmStages Of(JsonObject settings)
    {
        string? Text(string name) => settings[name].Text() is { Length: > 0 } text ? text : null;
        var model = Text("model");
        if (Text("videomodel") is { } video)
        {
            return new SwarmStages
            {
                IsFromImage = true,
                First = video,
                Second = Text("videoswapmodel"),
                Share = RecipeValues.Number(settings["videoswappercent"]) ?? UsualShare,
                Class = SwarmVideoModel.Find(video),
            };
        }

        var method = Text("refinermethod");
        return
            method?.StartsWith("StepSwap", StringComparison.Ordinal) == true
            && RecipeValues.Number(settings["refinercontrolpercentage"]) is { } share
            && Text("refinermodel") is { } second
            && second != model
            ? new SwarmStages
            {
                First = model,
                Second = second,
                Share = share,
                IsRenoised = method == "StepSwap",
            }
            : new SwarmStages { First = model };
    }
}
