using System.Globalization;
using WanSharp.Engine.Requests;
using WanSharp.Engine.Sampling;
using WanSharp.Models;
using WanSharp.Tensors;

namespace WanSharp.Engine.Planning;

/// <summary>How many steps a clip takes, and at which noise levels: by steps and shift, or by a list.</summary>
/// <param name="Steps">How many.</param>
/// <param name="Shift">The shift; 1 where it is not used.</param>
/// <param name="Sigmas">The noise levels of a list, or null.</param>
/// <param name="Timesteps">The timesteps of a list, or null.</param>
internal sealed record StepPlan(int Steps, double Shift, NumberList? Sigmas, NumberList? Timesteps)
{
    /// <summary>What a request asks for, with the model's defaults.</summary>
    /// <param name="request">The request.</param>
    /// <param name="model">The model.</param>
    /// <param name="sampler">The clip's sampler.</param>
    /// <param name="width">The clip's width.</param>
    /// <param name="height">The clip's height.</param>
    /// <exception cref="InvalidRequestException">The steps contradict each other, or the sampler cannot take them.</exception>
    public static StepPlan Of(ClipSettings request, WanModel model, SamplerKind sampler, int width, int height)
    {
        var (sigmas, timesteps) = (StepLists.WithoutEnd(request.Sigmas), StepLists.WithoutEnd(request.Timesteps));
        if (sigmas is null && timesteps is null)
        {
            return new StepPlan(CountSteps(request, model, sampler), ShiftOf(request, model, sampler, width, height), null, null);
        }

        if (request.Shift is not null)
        {
            throw new InvalidRequestException(
                "shift",
                "A list says the noise levels as they are, so a shift would change nothing: leave one out."
            );
        }

        var steps = SettingFields.Steps.Require(request.Steps ?? (sigmas ?? timesteps)!.Count);
        var options = new SamplerOptions
        {
            Kind = sampler,
            Steps = steps,
            Sigmas = sigmas,
            Timesteps = timesteps,
        };
        return StepLists.FindFault(options) is { } fault
            ? throw new InvalidRequestException(fault.Field, fault.Message)
            : new StepPlan(steps, 1, sigmas, timesteps);
    }

    private static int CountSteps(ClipSettings request, WanModel model, SamplerKind sampler)
    {
        var steps = SettingFields.Steps.Require(request.Steps ?? model.Defaults.Steps);
        var most = Samplers.MostSteps(sampler);
        return steps <= most
            ? steps
            : throw new InvalidRequestException(
                "steps",
                $"The sampler {Samplers.NameOf(sampler)} takes 1 to {most} steps, not {steps}: give --steps {most}, or a list of --sigmas."
            );
    }

    private static double ShiftOf(ClipSettings request, WanModel model, SamplerKind sampler, int width, int height) =>
        Samplers.UsesShift(sampler)
            ? SettingFields.Shift.Require(request.Shift ?? ModelVariant.ShiftOf(model.Name, model.Defaults, width, height))
        : request.Shift is { } shift
            ? throw new InvalidRequestException(
                "shift",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"The sampler {Samplers.NameOf(sampler)} has its own noise levels, which --shift {shift} does not change: leave it out."
                )
            )
        : 1;
}
