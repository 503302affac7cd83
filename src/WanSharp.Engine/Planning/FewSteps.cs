using System.Globalization;
using WanSharp.Engine.Presets;
using WanSharp.Engine.Requests;
using WanSharp.Models;

namespace WanSharp.Engine.Planning;

/// <summary>
/// Warns of steps that do not suit the model: a few of one that was not distilled, whose haze or cyan noise looks like a defect, and the
/// many, guided ones of its base for one that was.
/// </summary>
internal static class FewSteps
{
    private const int Few = 12;

    /// <summary>The warning, if there is reason for one.</summary>
    /// <param name="settings">The clip.</param>
    /// <param name="request">What was asked for, preset applied.</param>
    /// <param name="model">The model. Only names, and the steps it was made for, tell whether it is distilled.</param>
    /// <param name="presets">The presets, one of which may be meant.</param>
    public static IEnumerable<string> Warn(GenerationSettings settings, ClipSettings request, WanModel model, PresetChoice presets)
    {
        if (request.Preset is not null)
        {
            yield break;
        }

        if (PresetChoice.IsDistilled(model) || DistilledNames.CoverAll(request, model.HasExperts))
        {
            if (IsOfTheBase(settings, request))
            {
                yield return OfTheBase(settings, request, model, presets);
            }

            yield break;
        }

        if (settings.Steps < Math.Min(Few, model.Defaults.Steps))
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"{settings.Steps} {(settings.Steps == 1 ? "step is" : "steps are")} few for a model that was not distilled, and no name "
                    + $"says that this one was: expect haze or cyan noise. {model.Name} was made for {model.Defaults.Steps} steps; "
                    + $"`wan presets` lists faster ways."
            );
        }
    }

    /// <summary>Whether steps or guidance are those of the base because nothing else was asked for.</summary>
    private static bool IsOfTheBase(GenerationSettings settings, ClipSettings request)
    {
        var areStepsOpen = request is { Steps: null, Sigmas: null, Timesteps: null };
        var isGuidanceOpen = request is { GuidanceScale: null, GuidanceSteps: null, GuidanceInterval: null };
        var isGuided = settings.GuidanceScale > 1 || settings.HighNoiseGuidanceScale > 1;
        return (areStepsOpen && settings.Steps > Few) || (isGuidanceOpen && isGuided);
    }

    private static string OfTheBase(GenerationSettings settings, ClipSettings request, WanModel model, PresetChoice presets)
    {
        var what = PresetChoice.IsDistilled(model) ? Path.GetFileName(model.Parts.Transformer) : "a LoRA";
        List<string> names = [.. presets.NamesFor(request, model)];
        var wayOut =
            names.Count > 0
                ? $"--preset {string.Join(" or --preset ", names.Take(3))} knows its settings"
                : "--steps 4 --guidance 1 is usual for such, and `wan presets --model` lists more";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{what} says by its name that it was distilled to a few steps without guidance, and these are {settings.Steps} steps at a "
                + $"guidance of {settings.HighNoiseGuidanceScale ?? settings.GuidanceScale}, as its base takes them: expect burnt colours. "
                + $"{wayOut}."
        );
    }

    /// <summary>Whether the name of a LoRA says that it was made for few steps.</summary>
    public static bool NamesDistilled(ClipSettings request) => Files(request).Any(DistilledNames.AreInLora);

    private static IEnumerable<string> Files(ClipSettings request) =>
        new[] { request.Loras, request.HighNoiseLoras, request.LowNoiseLoras }
            .OfType<LoraUses>()
            .SelectMany(uses => uses)
            .Select(use => use.File);
}
