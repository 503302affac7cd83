namespace WanSharp.Engine.StepCaches;

/// <summary>What a clip's steps have to do with each other, as far as estimates are concerned.</summary>
/// <remarks>
/// Outputs of one network say nothing about another's. So a step is never estimated from steps before a change: of the expert, of what
/// LoRAs do to it, of the blocks that are left out, or of the branches that guidance needs.
/// </remarks>
/// <param name="Changes">For each step, whether its passes are not those of the step before; the first one's are not.</param>
/// <param name="HighNoiseSteps">How many steps the high-noise expert takes; 0 where there is one transformer.</param>
internal sealed record StepCourse(IReadOnlyList<bool> Changes, int HighNoiseSteps)
{
    /// <summary>How many steps there are.</summary>
    public int Count => Changes.Count;

    /// <summary>Steps that all are one network's.</summary>
    public static StepCourse Of(int steps) => new([.. Enumerable.Range(0, steps).Select(step => step == 0)], 0);

    /// <summary>The step that began the run of steps of one network that a step belongs to.</summary>
    public int Since(int step)
    {
        while (step > 0 && !Changes[step])
        {
            step--;
        }

        return step;
    }
}
