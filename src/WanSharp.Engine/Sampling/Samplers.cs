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
    ];

    /// <summary>The names of all samplers, the default first.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Known.Select(sampler => sampler.Name)];

    /// <summary>The name of a sampler, as users write it.</summary>
    public static string NameOf(SamplerKind kind) => Known.First(sampler => sampler.Kind == kind).Name;

    /// <summary>Finds a sampler by its name, in any case.</summary>
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

    /// <summary>Makes a sampler for one clip.</summary>
    /// <param name="kind">Which one.</param>
    /// <param name="steps">How many steps: 1 to <see cref="MaxSteps"/>.</param>
    /// <param name="shift">How much of the walk is spent at high noise: <see cref="MinShift"/> to <see cref="MaxShift"/>; 1 is even,
    /// Wan uses 3 to 12.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range.</exception>
    public static ISampler Create(SamplerKind kind, int steps, double shift)
    {
        if (steps is < 1 or > MaxSteps)
        {
            throw new ArgumentOutOfRangeException(nameof(steps), steps, $"{steps} steps cannot be taken: choose 1 to {MaxSteps}.");
        }

        if (!(shift is >= MinShift and <= MaxShift))
        {
            throw new ArgumentOutOfRangeException(
                nameof(shift),
                shift,
                $"A shift of {shift} is out of range: choose {MinShift} to {MaxShift}."
            );
        }

        return kind switch
        {
            SamplerKind.UniPc => new UniPcSampler(SigmaSchedule.UniPc(steps, shift)),
            SamplerKind.DpmPlusPlus => new DpmPlusPlusSampler(SigmaSchedule.DpmPlusPlus(steps, shift)),
            SamplerKind.DpmPlusPlusKarras => new DpmPlusPlusSampler(SigmaSchedule.Karras(steps, shift)),
            SamplerKind.Euler => new EulerSampler(SigmaSchedule.Euler(steps, shift)),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "There is no such sampler."),
        };
    }
}
