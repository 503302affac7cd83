using System.Diagnostics.CodeAnalysis;
using WanSharp.Tensors;

namespace WanSharp.Engine.Sampling;

/// <summary>Makes samplers, and knows the names that users give them. Thread-safe.</summary>
public static class Samplers
{
    /// <summary>The largest number of steps: Wan was trained on 1000 timesteps.</summary>
    public const int MaxSteps = 1000;

    /// <summary>The smallest shift.</summary>
    internal const double MinShift = 0.01;

    /// <summary>The largest shift; beyond it neighbouring sigmas near 1 would round to the same number.</summary>
    internal const double MaxShift = 100;

    /// <summary>One row for each sampler, the default first: its name, its noise levels, and how it walks them.</summary>
    private static readonly Row[] Known =
    [
        new("unipc", SamplerKind.UniPc, SigmaSchedule.UniPc, (levels, _) => new UniPcSampler(levels)) { HasWholeTimesteps = true },
        new("dpm++", SamplerKind.DpmPlusPlus, SigmaSchedule.DpmPlusPlus, (levels, _) => new DpmPlusPlusSampler(levels))
        {
            HasWholeTimesteps = true,
        },
        new("dpm++-karras", SamplerKind.DpmPlusPlusKarras, SigmaSchedule.Karras, (levels, _) => new DpmPlusPlusSampler(levels))
        {
            TakesLists = false, // its spacing is its own
        },
        new("euler", SamplerKind.Euler, SigmaSchedule.Euler, (levels, _) => new EulerSampler(levels)),
        new(
            "euler-ancestral",
            SamplerKind.EulerAncestral,
            SigmaSchedule.Euler,
            (levels, seed) => new EulerAncestralSampler(levels, new StepNoise(seed))
        ),
        new("lcm", SamplerKind.Lcm, SigmaSchedule.Euler, (levels, seed) => new LcmSampler(levels, new StepNoise(seed))),
        new("rcm", SamplerKind.Rcm, (steps, _) => SigmaSchedule.Rcm(steps), (levels, seed) => new RcmSampler(levels, new StepNoise(seed)))
        {
            UsesShift = false,
        },
        new("rcm-ode", SamplerKind.RcmOde, (steps, _) => SigmaSchedule.Rcm(steps), (levels, _) => new RcmSampler(levels, noise: null))
        {
            UsesShift = false,
        },
    ];

    /// <summary>The names of all samplers, the default first.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Known.Select(sampler => sampler.Name)];

    /// <summary>The name of a sampler, as users write it.</summary>
    public static string NameOf(SamplerKind kind) => RowOf(kind).Name;

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
    internal static bool UsesShift(SamplerKind kind) => RowOf(kind).UsesShift;

    /// <summary>Whether a sampler takes a list of noise levels; Karras's spacing is fixed.</summary>
    internal static bool TakesLists(SamplerKind kind) => RowOf(kind).TakesLists;

    /// <summary>The most steps that a sampler has noise levels for where no list is given.</summary>
    internal static int MostSteps(SamplerKind kind) => UsesShift(kind) ? MaxSteps : SigmaSchedule.MostRcmSteps;

    /// <summary>Makes a sampler for one clip.</summary>
    /// <param name="kind">Which one.</param>
    /// <param name="steps">How many steps.</param>
    /// <param name="shift">How much of the walk is spent at high noise.</param>
    /// <inheritdoc cref="Create(SamplerOptions)" path="/exception"/>
    internal static ISampler Create(SamplerKind kind, int steps, double shift) =>
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
    internal static ISampler Create(SamplerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var row = RowOf(options.Kind);
        return row.Create(ScheduleOf(row, options), options.Seed);
    }

    private static Row RowOf(SamplerKind kind) =>
        Array.Find(Known, row => row.Kind == kind)
        ?? throw new ArgumentOutOfRangeException(nameof(kind), kind, "There is no such sampler.");

    private static SigmaSchedule ScheduleOf(Row row, SamplerOptions options)
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
                : SigmaSchedule.Given(options.Sigmas?.Values, options.Timesteps?.Values, row.HasWholeTimesteps);
        }

        if (!(shift is >= MinShift and <= MaxShift))
        {
            throw new ArgumentOutOfRangeException(
                nameof(options),
                shift,
                $"A shift of {shift} is out of range: choose {MinShift} to {MaxShift}."
            );
        }

        return row.Levels(steps, shift);
    }

    /// <param name="Name">What users write.</param>
    /// <param name="Kind">The sampler.</param>
    /// <param name="Levels">Its noise levels, of a number of steps and a shift.</param>
    /// <param name="Create">Makes one that walks them, given the clip's seed.</param>
    private sealed record Row(
        string Name,
        SamplerKind Kind,
        Func<int, double, SigmaSchedule> Levels,
        Func<SigmaSchedule, ulong, ISampler> Create
    )
    {
        /// <summary>Whether the noise levels follow from a number of steps and a shift.</summary>
        public bool UsesShift { get; init; } = true;

        /// <summary>Whether noise levels may be given as a list.</summary>
        public bool TakesLists { get; init; } = true;

        /// <summary>Whether the timesteps of a list of noise levels are whole numbers, as in the official code of this sampler.</summary>
        public bool HasWholeTimesteps { get; init; }
    }
}
