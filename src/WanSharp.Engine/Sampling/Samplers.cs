using System.Diagnostics.CodeAnalysis;
using WanSharp.Tensors;

namespace WanSharp.Engine.Sampling;

/// <summary>Makes samplers, and knows the names that users give them. Thread-safe.</summary>
public static class Samplers
{
    /// <summary>The largest number of steps: Wan was trained on 1000 timesteps.</summary>
    public const int MaxSteps = 1000;

    /// <summary>The smallest shift.</summary>
    public const double MinShift = 0.01;

    /// <summary>The largest shift; beyond it neighbouring sigmas near 1 would round to the same number.</summary>
    public const double MaxShift = 100;

    private static readonly (string Name, SamplerKind Kind)[] Known =
    [
        ("unipc", SamplerKind.UniPc),
        ("dpm++", SamplerKind.DpmPlusPlus),
        ("dpm++-karras", SamplerKind.DpmPlusPlusKarras),
        ("euler", SamplerKind.Euler),
        ("euler-ancestral", SamplerKind.EulerAncestral),
        ("lcm", SamplerKind.Lcm),
        ("rcm", SamplerKind.Rcm),
        ("rcm-ode", SamplerKind.RcmOde),
    ];

    /// <summary>The names of all samplers, the default first.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Known.Select(sampler => sampler.Name)];

    /// <summary>The name of a sampler, as users write it.</summary>
    public static string NameOf(SamplerKind kind) => Known.First(sampler => sampler.Kind == kind).Name;

    /// <summary>Finds a sampler by its name, ignoring case.</summary>
    /// <param name="name">What the user wrote.</param>
    /// <param name="kind">The sampler.</param>
    /// <param name="error">When there is none of that name: one line with all names, and the nearest where one is near.</param>
    public static bool TryParse(string name, out SamplerKind kind, [NotNullWhen(false)] out string? error)
    {
        var written = name.Trim().ToLowerInvariant();
        foreach (var sampler in Known)
        {
            if (sampler.Name == written)
            {
                (kind, error) = (sampler.Kind, null);
                return true;
            }
        }

        (kind, error) = (default, $"There is no sampler '{name}': choose {string.Join(", ", Names)}.{NearestName.Hint(written, Names)}");
        return false;
    }

    /// <summary>Whether a sampler's noise levels follow from a number of steps and a shift; rCM has its own.</summary>
    internal static bool UsesShift(SamplerKind kind) => kind is not (SamplerKind.Rcm or SamplerKind.RcmOde);

    /// <summary>Whether a sampler takes a list of noise levels; Karras's spacing is one of its own.</summary>
    internal static bool TakesLists(SamplerKind kind) => kind != SamplerKind.DpmPlusPlusKarras;

    /// <summary>The most steps that a sampler has noise levels for where no list is given.</summary>
    internal static int MostSteps(SamplerKind kind) => UsesShift(kind) ? MaxSteps : SigmaSchedule.MostRcmSteps;

    /// <summary>Makes a sampler for one clip.</summary>
    /// <param name="kind">Which one.</param>
    /// <param name="steps">How many steps.</param>
    /// <param name="shift">How much of the walk is spent at high noise.</param>
    /// <inheritdoc cref="Create(SamplerOptions)" path="/exception"/>
    public static ISampler Create(SamplerKind kind, int steps, double shift) =>
        Create(
            new SamplerOptions
            {
                Kind = kind,
                Steps = steps,
                Shift = shift,
            }
        );

    /// <summary>Makes a sampler for one clip.</summary>
    /// <param name="options">Which one, and its noise levels.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range.</exception>
    /// <exception cref="ArgumentException">A list holds no noise levels or timesteps, or not as many as there are steps.</exception>
    public static ISampler Create(SamplerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var schedule = ScheduleOf(options);
        return options.Kind switch
        {
            SamplerKind.UniPc => new UniPcSampler(schedule),
            SamplerKind.DpmPlusPlus or SamplerKind.DpmPlusPlusKarras => new DpmPlusPlusSampler(schedule),
            SamplerKind.Euler => new EulerSampler(schedule),
            SamplerKind.EulerAncestral => new EulerAncestralSampler(schedule, new StepNoise(options.Seed)),
            SamplerKind.Lcm => new LcmSampler(schedule, new StepNoise(options.Seed)),
            SamplerKind.Rcm => new RcmSampler(schedule, new StepNoise(options.Seed)),
            _ => new RcmSampler(schedule, noise: null),
        };
    }

    private static SigmaSchedule ScheduleOf(SamplerOptions options)
    {
        var (kind, steps, shift) = (options.Kind, options.Steps, options.Shift);
        var most = options is { Sigmas: null, Timesteps: null } ? MostSteps(kind) : MaxSteps;
        if (steps < 1 || steps > most)
        {
            throw new ArgumentOutOfRangeException(nameof(options), steps, $"{steps} steps cannot be taken: choose 1 to {most}.");
        }

        if (options is not { Sigmas: null, Timesteps: null })
        {
            return StepLists.FindFault(options) is { } fault
                ? throw new ArgumentException(fault.Message, nameof(options))
                : SigmaSchedule.Given(
                    options.Sigmas?.Values,
                    options.Timesteps?.Values,
                    isWhole: kind is SamplerKind.UniPc or SamplerKind.DpmPlusPlus
                );
        }

        if (!(shift is >= MinShift and <= MaxShift))
        {
            throw new ArgumentOutOfRangeException(
                nameof(options),
                shift,
                $"A shift of {shift} is out of range: choose {MinShift} to {MaxShift}."
            );
        }

        return kind switch
        {
            SamplerKind.UniPc => SigmaSchedule.UniPc(steps, shift),
            SamplerKind.DpmPlusPlus => SigmaSchedule.DpmPlusPlus(steps, shift),
            SamplerKind.DpmPlusPlusKarras => SigmaSchedule.Karras(steps, shift),
            SamplerKind.Euler or SamplerKind.EulerAncestral or SamplerKind.Lcm => SigmaSchedule.Euler(steps, shift),
            SamplerKind.Rcm or SamplerKind.RcmOde => SigmaSchedule.Rcm(steps),
            _ => throw new ArgumentOutOfRangeException(nameof(options), kind, "There is no such sampler."),
        };
    }
}
