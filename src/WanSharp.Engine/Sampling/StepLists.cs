using System.Globalization;

namespace WanSharp.Engine.Sampling;

/// <summary>What lists of noise levels and timesteps must be.</summary>
internal static class StepLists
{
    private const double MostTimestep = 1000;

    /// <summary>A list without the 0 that may end it, as other programs write it.</summary>
    public static NumberList? WithoutEnd(NumberList? list) =>
        list is { Count: > 1 } && list[list.Count - 1] == 0 ? new NumberList(list.Values.SkipLast(1)) : list;

    /// <summary>What is wrong with the lists of a sampler; null if nothing is.</summary>
    /// <returns>The setting, and one line about it.</returns>
    public static (string Field, string Message)? FindFault(SamplerOptions options)
    {
        var (sigmas, timesteps) = (options.Sigmas, options.Timesteps);
        if (!Samplers.TakesLists(options.Kind))
        {
            var name = Samplers.NameOf(options.Kind);
            return (
                "sampler",
                $"The sampler {name} spaces its noise levels itself and takes no list: choose dpm++, or leave the list out."
            );
        }

        if ((FindFault("sigmas", sigmas, most: 1) ?? FindFault("timesteps", timesteps, MostTimestep)) is { } fault)
        {
            return fault;
        }

        if (sigmas is not null && timesteps is not null && sigmas.Count != timesteps.Count)
        {
            return (
                "timesteps",
                $"There are {sigmas.Count} sigmas and {timesteps.Count} timesteps: give as many of each, or only one of them."
            );
        }

        var (field, count) = sigmas is null ? ("timesteps", timesteps!.Count) : ("sigmas", sigmas.Count);
        return count == options.Steps
            ? null
            : ("steps", $"{options.Steps} steps were asked for, and the list of {field} has {count}: leave one of them out.");
    }

    private static (string Field, string Message)? FindFault(string field, NumberList? list, double most)
    {
        if (list is null)
        {
            return null;
        }

        if (list.Count > Samplers.MaxSteps)
        {
            return (field, $"There are {list.Count} {field}: give at most {Samplers.MaxSteps}.");
        }

        for (var i = 0; i < list.Count; i++)
        {
            var value = list[i];
            if (!(value > 0 && value <= most))
            {
                var hint = field == "sigmas" && value is > 1 and <= MostTimestep ? " Numbers up to 1000 are --timesteps." : "";
                return (field, $"{Text(value)} is not one of the {field}, which are above 0 and up to {Text(most)}.{hint}");
            }

            // as the sampler holds them
            if (i > 0 && (float)value >= (float)list[i - 1])
            {
                return (
                    field,
                    $"The {field} go down from step to step, but {Text(value)} follows {Text(list[i - 1])}: put them in order, "
                        + "each once."
                );
            }
        }

        return null;
    }

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);
}
