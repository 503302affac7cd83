using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using WanSharp.Engine.Sampling;

namespace WanSharp.Engine.Requests;

/// <summary>
/// How strongly a LoRA acts, step by step: <c>0.8</c> in all of them, <c>1@0-3,0.5@4-</c> in the first four and in the others,
/// or <c>1,1,0.5</c>, one for each step, of which the last holds on.
/// </summary>
/// <remarks>Immutable; two that act alike are equal.</remarks>
public sealed class LoraStrength : IEquatable<LoraStrength>
{
    /// <summary>The largest strength, with either sign.</summary>
    public const double Most = 100;

    private readonly LoraPhase[] _phases; // in the order of steps, without overlap, gaps, or two alike next to each other

    private LoraStrength(LoraPhase[] phases) => _phases = phases;

    /// <summary>As strong as it was trained, in every step.</summary>
    public static LoraStrength Full { get; } = Of(1);

    /// <summary>Whether it is the same in every step.</summary>
    internal bool IsConstant => _phases.Length == 1;

    /// <summary>The same strength in every step.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not a number within ±<see cref="Most"/>.</exception>
    public static LoraStrength Of(double strength) => Of([new LoraPhase(strength)]);

    /// <summary>A strength that changes; in steps that no phase has, the LoRA does not act.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A strength is not a number within ±<see cref="Most"/>.</exception>
    /// <exception cref="ArgumentException">Two phases have a step in common, or one ends before it begins.</exception>
    public static LoraStrength Of(IReadOnlyList<LoraPhase> phases)
    {
        ArgumentNullException.ThrowIfNull(phases);
        var whole = new List<LoraPhase>();
        int? next = 0;
        foreach (var phase in phases.OrderBy(phase => phase.First))
        {
            if (!(Math.Abs(phase.Strength) <= Most)) // nor NaN
            {
                throw new ArgumentOutOfRangeException(nameof(phases), phase.Strength, $"A strength is within -{Most} to {Most}.");
            }

            if (next is not { } free || phase.First < free || phase.Last < phase.First)
            {
                throw new ArgumentException("The steps of two phases overlap, or a phase ends before it begins.", nameof(phases));
            }

            Add(whole, new LoraPhase(0, free, phase.First - 1));
            Add(whole, phase);
            next = phase.Last + 1;
        }

        if (next is { } rest)
        {
            Add(whole, new LoraPhase(0, rest));
        }

        return new LoraStrength([.. whole]);
    }

    /// <summary>
    /// Reads a strength. <c>0,8</c> is not one: whoever writes so means 0.8 more often than 0 in the first step and 8 after it, which is
    /// <c>0@0,8@1-</c>.
    /// </summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out LoraStrength? strength)
    {
        ArgumentNullException.ThrowIfNull(text);
        strength = null;
        if (MayBeDecimal(text))
        {
            return false;
        }

        var parts = text.Split(',');
        var phases = new List<LoraPhase>();
        for (var i = 0; i < parts.Length; i++)
        {
            if (Phase(parts[i].Trim()) is not { } phase)
            {
                return false;
            }

            var isListed = !parts[i].Contains('@', StringComparison.Ordinal);
            if (isListed != !parts[0].Contains('@', StringComparison.Ordinal))
            {
                return false;
            }

            phases.Add(isListed ? new LoraPhase(phase.Strength, i, i == parts.Length - 1 ? null : i) : phase);
        }

        try
        {
            strength = Of(phases);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    /// <summary>Whether a text is more likely a number with a decimal comma than two strengths.</summary>
    internal static bool MayBeDecimal(string text) =>
        text.Split(',') is [var whole, var decimals]
        && whole.Trim().TrimStart('-', '+') == "0"
        && decimals.Length > 0
        && decimals.All(char.IsAsciiDigit);

    /// <summary>The strength in a step.</summary>
    /// <param name="step">The step, from 0.</param>
    public double At(int step) => _phases.First(phase => phase.First <= step && (phase.Last is not { } last || step <= last)).Strength;

    /// <summary>Whether the LoRA acts in one of a clip's steps.</summary>
    /// <param name="steps">How many steps the clip has.</param>
    public bool Acts(int steps) => _phases.Any(phase => phase.Strength != 0 && phase.First < steps);

    /// <inheritdoc/>
    public bool Equals(LoraStrength? other) => other is not null && _phases.SequenceEqual(other._phases);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as LoraStrength);

    /// <inheritdoc/>
    public override int GetHashCode() => _phases.Aggregate(0, HashCode.Combine);

    /// <summary>The strength as <see cref="TryParse"/> reads it back.</summary>
    public override string ToString() =>
        IsConstant
            ? Number(_phases[0].Strength)
            : string.Join(
                ',',
                _phases
                    .Where(phase => phase.Strength != 0)
                    .Select(phase =>
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"{phase.Strength}@{phase.First}{(phase.Last == phase.First ? "" : $"-{phase.Last}")}"
                        )
                    )
            );

    private static string Number(double value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>A strength, and its steps where they are named: <c>0.8</c>, <c>0.8@2</c>, <c>0.8@2-5</c>, <c>0.8@2-</c>.</summary>
    private static LoraPhase? Phase(string text)
    {
        var parts = text.Split('@');
        if (parts.Length > 2 || !SettingTexts.TryParseNumber<double>(parts[0], out var strength))
        {
            return null;
        }

        if (parts.Length == 1)
        {
            return new LoraPhase(strength);
        }

        var steps = parts[1].Split('-');
        if (steps.Length > 2 || Step(steps[0]) is not { } first)
        {
            return null;
        }

        return steps.Length == 1 ? new LoraPhase(strength, first, first)
            : steps[1].Length == 0 ? new LoraPhase(strength, first)
            : Step(steps[1]) is { } last ? new LoraPhase(strength, first, last)
            : null;
    }

    private static int? Step(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var step) && step < Samplers.MaxSteps ? step : null;

    private static void Add(List<LoraPhase> phases, LoraPhase phase)
    {
        if (phase.Last < phase.First)
        {
            return;
        }

        if (phases is [.., var before] && before.Strength.Equals(phase.Strength))
        {
            phases[^1] = before with { Last = phase.Last };
        }
        else
        {
            phases.Add(phase with { Strength = phase.Strength == 0 ? 0 : phase.Strength }); // no negative zero
        }
    }
}
