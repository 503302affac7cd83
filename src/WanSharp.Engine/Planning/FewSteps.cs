using System.Globalization;
using WanSharp.Engine.Presets;
using WanSharp.Engine.Requests;
using WanSharp.Models;

namespace WanSharp.Engine.Planning;

/// <summary>Warns of a few steps of a model that was not distilled: the haze or cyan noise of it looks like a defect.</summary>
internal static class FewSteps
{
    private const int Few = 12;

    /// <summary>The warning, if there is reason for one.</summary>
    /// <param name="settings">The clip.</param>
    /// <param name="request">What was asked for, preset applied.</param>
    /// <param name="model">The model. Only names, and the steps it was made for, tell whether it is distilled.</param>
    public static IEnumerable<string> Warn(GenerationSettings settings, ClipSettings request, WanModel model)
    {
        if (
            settings.Steps >= Math.Min(Few, model.Defaults.Steps)
            || request.Preset is not null
            || PresetChoice.IsDistilled(model)
            || DistilledNames.CoverAll(request, model.HasExperts)
        )
        {
            yield break;
        }

        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"{settings.Steps} {(settings.Steps == 1 ? "step is" : "steps are")} few for a model that was not distilled, and no name says "
                + $"that this one was: expect haze or cyan noise. {model.Name} was made for {model.Defaults.Steps} steps; "
                + $"`wan presets` lists faster ways."
        );
    }

    /// <summary>Whether the name of a LoRA says that it was made for few steps.</summary>
    public static bool NamesDistilled(ClipSettings request) => Files(request).Any(DistilledNames.AreIn);

    private static IEnumerable<string> Files(ClipSettings request) =>
        new[] { request.Loras, request.HighNoiseLoras, request.LowNoiseLoras }
            .OfType<LoraUses>()
            .SelectMany(uses => uses)
            .Select(use => use.File);
}
