namespace WanSharp.Engine.StepCaches;

/// <summary>
/// What a clip keeps of its computed steps in order to estimate others: the network's output of each branch. Guidance and the sampler
/// then go on as if it had been computed.
/// </summary>
/// <remarks>Not thread-safe. It belongs to one clip, and is saved with it.</remarks>
internal abstract class StepCache(StepCourse course)
{
    private (int Step, bool Skips)? _decided;

    /// <summary>How many steps were estimated.</summary>
    public int Skipped { get; protected set; }

    /// <summary>Whether what is kept is as long as the latents.</summary>
    public virtual bool KeepsLatents => true;

    protected StepCourse Course => course;

    /// <summary>Whether a step is estimated. It is decided once, and asking again changes nothing.</summary>
    /// <param name="step">The clip's next step, which has at least one branch.</param>
    /// <param name="latents">The clip before it.</param>
    public bool Skips(int step, ReadOnlySpan<float> latents)
    {
        if (_decided is not { } decided || decided.Step != step)
        {
            if (course.Changes[step])
            {
                Forget();
            }

            _decided = decided = (step, Decide(step, latents));
        }

        return decided.Skips;
    }

    /// <summary>Keeps what a step's passes gave.</summary>
    /// <param name="step">The step.</param>
    /// <param name="latents">The clip before it.</param>
    /// <param name="conditional">The velocity, given the prompt.</param>
    /// <param name="unconditional">Given the negative prompt; empty where the step has no such branch.</param>
    public abstract void Keep(int step, ReadOnlySpan<float> latents, ReadOnlySpan<float> conditional, ReadOnlySpan<float> unconditional);

    /// <summary>Estimates what a step's passes would give.</summary>
    /// <param name="step">A step that <see cref="Skips"/>.</param>
    /// <param name="latents">The clip before it.</param>
    /// <param name="conditional">Receives the velocity, given the prompt.</param>
    /// <param name="unconditional">Receives the one given the negative prompt; empty where the step has no such branch.</param>
    public void Estimate(int step, ReadOnlySpan<float> latents, Span<float> conditional, Span<float> unconditional)
    {
        EstimateBranch(step, 0, latents, conditional);
        if (unconditional.Length > 0)
        {
            EstimateBranch(step, 1, latents, unconditional);
        }

        Skipped++;
    }

    /// <summary>A copy of what it remembers, before the next step is decided.</summary>
    public abstract StepCacheState Save();

    /// <summary>Goes on where a state was saved; its arrays are copied.</summary>
    /// <exception cref="ArgumentException">The state is not one of such a cache.</exception>
    public abstract void Restore(StepCacheState state);

    protected abstract bool Decide(int step, ReadOnlySpan<float> latents);

    protected abstract void EstimateBranch(int step, int branch, ReadOnlySpan<float> latents, Span<float> velocity);

    /// <summary>What was kept is another network's.</summary>
    protected abstract void Forget();
}
