using WanSharp.Engine.Requests;

namespace WanSharp.Jobs.Recipes;

/// <summary>
/// The steps of another program, one by one: their noise levels, and which of them the high-noise expert takes. Every reader makes one, and
/// <see cref="RecipeDraft.SetSteps(StepList)"/> alone writes it down.
/// </summary>
/// <param name="Levels">The noise level of each step, without the 0 at the end.</param>
internal sealed record StepList(IReadOnlyList<double> Levels)
{
    private const int BoundaryDigits = 4;

    /// <summary>The shift with which the levels may follow from their number alone; null where it is not known.</summary>
    public double? Shift { get; init; }

    /// <summary>How many steps the high-noise expert takes; null where one network takes all.</summary>
    public int? Turn { get; init; }

    /// <summary>The level down to which the program gives steps to the high-noise expert; null where it counts them.</summary>
    public double? Bound { get; init; }

    /// <summary>How many steps there are.</summary>
    public int Count => Levels.Count;

    /// <summary>Whether both experts take steps.</summary>
    public bool HasTurn => Turn is > 0 && Turn < Count;

    /// <summary>Whether the levels are those of as many steps with the shift.</summary>
    public bool IsUsual => Shift is { } shift && ComfySchedule.IsUsual(Levels, Count, shift);

    /// <summary>Whether they are levels that a sampler takes: from 1 downwards, all above 0.</summary>
    public bool IsDecreasing =>
        Levels is [> 0 and <= 1, ..] && Levels.Zip(Levels.Skip(1)).All(pair => pair.First > pair.Second && pair.Second > 0);

    /// <summary>The level between the two experts' steps, 0 where the high-noise one takes all; null where the other does.</summary>
    public double? Boundary
    {
        get
        {
            if (Turn is not { } turn || !HasTurn)
            {
                return Turn == Count ? 0 : null;
            }

            var (high, low) = (Levels[turn - 1], Levels[turn]);
            return Bound > low && Bound <= high ? Bound : Math.Round((low + high) / 2, BoundaryDigits);
        }
    }

    /// <summary>Steps that are spaced evenly before the shift, as ours are.</summary>
    public static StepList Usual(int steps, double shift) => new(ComfySchedule.Usual(steps, shift)) { Shift = shift };

    /// <summary>A strength for each step, of which the last holds on.</summary>
    /// <param name="strengths">The strengths; none for one that does not act.</param>
    public static LoraStrength Strength(IReadOnlyList<double> strengths) =>
        LoraStrength.Of([
            .. strengths.Select((strength, step) => new LoraPhase(strength, step, step == strengths.Count - 1 ? null : step)),
        ]);
}
