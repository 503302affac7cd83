using System.Globalization;
using WanSharp.Engine.Denoising;
using WanSharp.Engine.Requests;
using WanSharp.Models;
using WanSharp.Tensors;

namespace WanSharp.Engine.Planning;

/// <summary>How strongly a clip follows its prompt, with the model's defaults; and whether what was asked for fits together.</summary>
/// <param name="Scale">The guidance scale, the low-noise expert's where there are two.</param>
/// <param name="HighNoise">The high-noise expert's; null where there is one, or a list says it.</param>
/// <param name="Boundary">Where the high-noise expert hands over; null where there is one transformer.</param>
internal sealed record GuidancePlan(float Scale, float? HighNoise, double? Boundary)
{
    /// <summary>What a request asks for; a scale given alone is both experts', as in the official code.</summary>
    /// <exception cref="InvalidRequestException">It asks for what cannot be.</exception>
    public static GuidancePlan Of(ClipSettings request, WanModel model, int steps)
    {
        RequireForm(request, model, steps);
        var defaults = model.Defaults;
        var scale = SettingFields.Guidance.Require(request.GuidanceScale ?? defaults.GuidanceScale);
        if (!model.HasExperts)
        {
            RequireNoExperts(request, model);
            return new GuidancePlan(ListMaximum(request) ?? scale, null, null);
        }

        var highNoise = request.HighNoiseGuidanceScale ?? request.GuidanceScale ?? defaults.HighNoiseGuidanceScale ?? scale;
        return new GuidancePlan(
            ListMaximum(request) ?? scale,
            request.GuidanceSteps is null ? SettingFields.GuidanceHigh.Require(highNoise) : null,
            SettingFields.Boundary.Require(request.Boundary ?? defaults.Boundary ?? 1)
        );
    }

    /// <summary>Refuses ways to guide a clip that is not guided: they would change nothing, without a word.</summary>
    /// <exception cref="InvalidRequestException">There is such a way.</exception>
    public static void RequireUse(GenerationSettings settings, StepGuidance guidance)
    {
        var isGuided = Enumerable.Range(0, settings.Steps).Any(step => guidance.BranchesAt(step) > 1);
        if (isGuided)
        {
            return;
        }

        (string Option, object? Value)[] ways =
        [
            ("cfg-zero", settings.CfgZero),
            ("apg", settings.Apg),
            ("slg", settings.Slg),
            ("guidance-interval", settings.GuidanceInterval),
        ];
        if (ways.FirstOrDefault(way => way.Value is not null).Option is { } option)
        {
            throw new InvalidRequestException(
                option,
                $"No step has a guidance scale other than 1, so --{option} would change nothing: give --guidance, or leave it out."
            );
        }
    }

    private static float? ListMaximum(ClipSettings request) => request.GuidanceSteps is { } list ? (float)list.Values.Max() : null;

    private static void RequireNoExperts(ClipSettings request, WanModel model)
    {
        if (request.HighNoiseGuidanceScale is not null)
        {
            throw new InvalidRequestException(
                "guidance-high",
                $"{model.Name} has one transformer, and guidance-high is for the first of two (Wan 2.2's A14B models): give guidance alone."
            );
        }

        if (request.Boundary is not null)
        {
            throw new InvalidRequestException(
                "boundary",
                $"{model.Name} has one transformer, and a boundary is between two (Wan 2.2's A14B models): leave it out."
            );
        }
    }

    private static void RequireForm(ClipSettings request, WanModel model, int steps)
    {
        foreach (var scale in request.GuidanceSteps?.Values ?? [])
        {
            SettingTexts.InRange("guidance-steps", scale, 0, (double)SettingFields.Guidance.Range!.Maximum);
        }

        if (request.GuidanceSteps is { } list && list.Count != steps)
        {
            throw new InvalidRequestException(
                "guidance-steps",
                $"There are {list.Count} guidance scales for {steps} steps: give one for each step."
            );
        }

        if (request.GuidanceInterval is { IsValid: false } interval)
        {
            throw new InvalidRequestException("guidance-interval", NotAnInterval(interval));
        }

        if (request.CfgZero is { } zero && (zero < 0 || zero >= steps))
        {
            throw new InvalidRequestException(
                "cfg-zero",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{zero} of {steps} steps cannot be left without a velocity: give 0 to {steps - 1}; 1 is usual."
                )
            );
        }

        if (request is { Apg: not null, CfgZero: not null })
        {
            throw new InvalidRequestException("apg", "APG and CFG-Zero* both combine the two velocities: give only one.");
        }

        if (request.Apg is { IsValid: false } apg)
        {
            throw new InvalidRequestException(
                "apg",
                $"'{apg}' is outside its ranges: the norm is 0 to 1000000, the momentum between -1 and 1, eta -10 to 10."
            );
        }

        if (request.Nag is { IsValid: false } nag)
        {
            throw new InvalidRequestException(
                "nag",
                $"'{nag}' is outside its ranges: the scale is above 1 and up to 100, tau 1 to 100, alpha above 0 and up to 1."
            );
        }

        RequireBlocks(request, model);
    }

    private static void RequireBlocks(ClipSettings request, WanModel model)
    {
        if (request.Slg is not { } skipped)
        {
            return;
        }

        var layers = model.Transformer.Layers;
        if (!skipped.Steps.IsValid)
        {
            throw new InvalidRequestException("slg", NotAnInterval(skipped.Steps));
        }

        if (skipped.Blocks.FirstOrDefault(block => block >= layers, -1) is var missing and >= 0)
        {
            throw new InvalidRequestException("slg", $"{model.Name} has no block {missing}: its blocks are 0 to {layers - 1}.");
        }

        if (skipped.Blocks.FirstOrDefault(model.Transformer.IsControlled, -1) is var reading and >= 0)
        {
            throw new InvalidRequestException(
                "slg",
                $"Block {reading} of {model.Name} reads the control and passes it on: leave out others."
            );
        }

        if (skipped.Blocks.Count == layers)
        {
            throw new InvalidRequestException("slg", $"{model.Name} has {layers} blocks, and not all of them can be left out: name fewer.");
        }
    }

    private static string NotAnInterval(Guidance.StepInterval interval) =>
        $"'{interval}' is not an interval of the steps: give shares from 0 to 1, the smaller one first, such as 0.1-0.9.";
}
