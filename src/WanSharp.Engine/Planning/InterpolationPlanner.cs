using System.Globalization;
using WanSharp.Engine.Enhancing;
using WanSharp.Engine.Requests;
using WanSharp.Models;
using WanSharp.Tensors;

namespace WanSharp.Engine.Planning;

/// <summary>Resolves what makes frames between a clip's own, and at which rates.</summary>
internal static class InterpolationPlanner
{
    private const string Field = "interpolate";

    /// <summary>Frames per second: those that the model makes, and those that the clip has.</summary>
    /// <param name="request">What is asked for; without a rate, interpolated clips have twice the model's.</param>
    /// <param name="defaults">The model's.</param>
    /// <exception cref="InvalidRequestException">There is nothing to interpolate at that rate.</exception>
    public static FrameTimes Rates(ClipSettings request, ModelDefaults defaults)
    {
        if (request.Interpolate is null)
        {
            var fps = SettingFields.Fps.Require(request.Fps ?? defaults.Fps);
            return new FrameTimes(fps, fps);
        }

        var wanted = SettingFields.Fps.Require(request.Fps ?? Math.Min(2 * defaults.Fps, (int)SettingFields.Fps.Range!.Maximum));
        RequireMore(defaults.Fps, wanted);
        return new FrameTimes(defaults.Fps, wanted);
    }

    /// <exception cref="InvalidRequestException">The rate is not above the one that is there.</exception>
    public static void RequireMore(double given, int wanted)
    {
        if (wanted <= given)
        {
            throw new InvalidRequestException(
                SettingFields.Fps.Label,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{wanted} frames a second need no interpolation, for there are {given:0.###}: "
                ) + $"ask for more with --fps, or leave --{Field} out."
            );
        }
    }

    /// <summary>A plan with what interpolates its frames.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="request">What is asked for.</param>
    /// <param name="defaults">The model's.</param>
    /// <param name="enhancers">Opens files; null where none can be used.</param>
    /// <exception cref="InvalidRequestException">The file is not there, or does something else.</exception>
    public static GenerationPlan Apply(GenerationPlan plan, ClipSettings request, ModelDefaults defaults, EnhancerShelf? enhancers)
    {
        if (request.Interpolate is not { } name)
        {
            return plan;
        }

        if (enhancers is null)
        {
            throw new InvalidRequestException(Field, "Frames cannot be interpolated here: leave it out.");
        }

        var file = enhancers.FindInterpolator(Field, name);
        return plan with
        {
            Interpolator = file,
            Settings = plan.Settings with { Interpolate = new UsedInterpolation(file?.Name ?? UsedInterpolation.Ffmpeg, "", defaults.Fps) },
        };
    }
}
