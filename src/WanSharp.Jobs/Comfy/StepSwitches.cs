using System.Text.Json.Nodes;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Comfy;

/// <summary>
/// Moves the steps at which samplers take turns, and from or until which nodes do something, when a job asks for another number of steps.
/// </summary>
internal static class StepSwitches
{
    /// <summary>Why a step would stay where it is while the steps of its sampler change; null when all move.</summary>
    /// <param name="schedules">The samplers.</param>
    /// <param name="values">The workflow's values.</param>
    /// <param name="steps">The inputs that get the number of steps.</param>
    public static string? Unmoved(IReadOnlyList<SamplerSchedule> schedules, WorkflowValues values, IReadOnlyList<ComfyInput> steps)
    {
        var holders = steps.Select(input => input.Node).ToHashSet();
        var counts = new Dictionary<ComfyInput, double?>();
        foreach (var bound in Of(schedules, steps))
        {
            if (bound.Source.Input is { } turn && values.NumberIn(turn) is > 0 && values.NumberIn(bound.Steps!) is not >= 1)
            {
                return $"{turn} is a step of {bound.Steps}, which is no number of steps";
            }

            if (bound.Source.ComputedBy is { } by && !values.DependsOn(by, holders))
            {
                return $"{bound.Input.Name} of node {bound.Input.Node} comes from {by}, and does not move with the steps";
            }

            if (
                bound.Source.Input is { } held
                && !counts.TryAdd(held, values.NumberIn(bound.Steps!))
                && counts[held] != values.NumberIn(bound.Steps!)
            )
            {
                return $"{held} is a step of samplers that count different numbers of them";
            }
        }

        return
            Others(schedules, steps).Select(other => other.Source.Input).OfType<ComfyInput>().FirstOrDefault(counts.ContainsKey)
                is { } shared
            ? $"{shared} is a step of samplers that do not all get the new number of them"
            : null;
    }

    /// <summary>Moves the steps that a copy of the workflow names: each stays at the same part of all steps.</summary>
    /// <param name="nodes">The copy.</param>
    /// <param name="guess">What is known of the workflow.</param>
    /// <param name="steps">The inputs that get the number of steps.</param>
    /// <param name="count">The number of steps.</param>
    /// <exception cref="InvalidRequestException">There are too few steps for the samplers to take turns, or a turn cannot be
    /// moved.</exception>
    public static void Move(JsonObject nodes, WorkflowGuess guess, IReadOnlyList<ComfyInput> steps, int count)
    {
        List<SamplerSchedule> schedules = [.. guess.AllSchedules];
        if (Unmoved(schedules, guess.Values, steps) is { } unmoved)
        {
            throw new InvalidRequestException("steps", $"The steps cannot be set: {unmoved}. Make it a number in the workflow.");
        }

        var moved = new Dictionary<(double Before, double Bound), int>();
        foreach (var bound in Of(schedules, steps).Where(bound => bound.Source.Input is { } held && !steps.Contains(held)))
        {
            var (input, before) = (bound.Source.Input!, guess.Values.NumberIn(bound.Steps!));
            if (guess.Values.NumberIn(input) is > 0 and var step && before >= 1)
            {
                var target = Target(step, before.Value, count);
                if (bound.IsTurn && step < before)
                {
                    moved[(before.Value, step)] = target;
                }

                nodes[input.Node]!["inputs"]![input.Name] = target;
            }
        }

        if ((moved.Count > 0 && count < 2) || moved.GroupBy(one => (one.Key.Before, one.Value)).Any(same => same.Count() > 1))
        {
            throw new InvalidRequestException(
                "steps",
                $"With {count} {(count == 1 ? "step" : "steps")} one of the samplers that take turns would have none: ask for more."
            );
        }
    }

    /// <summary>The named steps of the samplers whose number of steps is set.</summary>
    private static IEnumerable<CountedStep> Of(IEnumerable<SamplerSchedule> schedules, IReadOnlyList<ComfyInput> steps) =>
        schedules.SelectMany(schedule => schedule.Counted).Where(bound => bound.Steps is { } of && steps.Contains(of));

    /// <summary>The named steps of the samplers whose number of steps stays.</summary>
    private static IEnumerable<CountedStep> Others(IEnumerable<SamplerSchedule> schedules, IReadOnlyList<ComfyInput> steps) =>
        schedules.SelectMany(schedule => schedule.Counted).Where(bound => bound.Steps is not { } of || !steps.Contains(of));

    private static int Target(double step, double before, int count) =>
        step == before ? count
        : step > before ? Math.Max((int)Math.Min(step, int.MaxValue), count) // a number beyond all steps: to the end
        : Math.Clamp((int)Math.Round(step * count / before, MidpointRounding.AwayFromZero), 1, Math.Max(count - 1, 1));
}
