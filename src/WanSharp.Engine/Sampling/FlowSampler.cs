namespace WanSharp.Engine.Sampling;

/// <summary>What all samplers share: the schedule, the step counter, the buffers and their saving.</summary>
/// <param name="schedule">Sigmas and timesteps.</param>
/// <param name="historyLength">How many buffers the sampler remembers between steps.</param>
internal abstract class FlowSampler(SigmaSchedule schedule, int historyLength) : ISampler
{
    /// <summary>The remembered buffers, newest first; empty until the first step.</summary>
    private float[][] _history = [];

    public int StepCount => schedule.StepCount;

    public int NextStep { get; private set; }

    /// <summary>The step that knows of none before it.</summary>
    protected int FirstStep { get; private set; }

    public ReadOnlySpan<float> Sigmas => schedule.Sigmas;

    public ReadOnlySpan<float> Timesteps => schedule.Timesteps;

    public virtual float NoiseScale => 1;

    public void Advance(ReadOnlySpan<float> velocity, Span<float> latents)
    {
        if (NextStep == StepCount)
        {
            throw new InvalidOperationException($"All {StepCount} steps were taken.");
        }

        if (velocity.Length != latents.Length || (_history.Length > 0 && _history[0].Length != latents.Length))
        {
            throw new ArgumentException(
                $"The number of velocities ({velocity.Length}) and of latents ({latents.Length}) must be the same, and so at every step.",
                nameof(velocity)
            );
        }

        if (_history.Length < historyLength)
        {
            var length = latents.Length;
            _history = [.. Enumerable.Range(0, historyLength).Select(_ => new float[length])];
        }

        AdvanceFrom(NextStep, velocity, latents, _history);
        NextStep++;
    }

    public void Begin(int firstStep)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstStep);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(firstStep, StepCount);
        (_history, FirstStep, NextStep) = ([], firstStep, firstStep);
    }

    public SamplerState Save() => new(NextStep, [.. _history.Select(buffer => (float[])buffer.Clone())], FirstStep);

    public void Restore(SamplerState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (
            state.FirstStep < 0
            || state.NextStep < state.FirstStep
            || state.NextStep > StepCount
            || state.History.Count != (state.NextStep == state.FirstStep ? 0 : historyLength)
            || state.History.Any(buffer => buffer.Length != state.History[0].Length)
        )
        {
            throw new ArgumentException(
                $"A state at step {state.NextStep} with {state.History.Count} buffers does not belong to a sampler of {StepCount} "
                    + $"steps with {historyLength} equally long buffers.",
                nameof(state)
            );
        }

        _history = [.. state.History.Select(buffer => (float[])buffer.Clone())];
        (FirstStep, NextStep) = (state.FirstStep, state.NextStep);
    }

    /// <summary>
    /// Takes one step. Arguments are checked; <paramref name="history"/> holds the buffers of the steps before, to be updated.
    /// </summary>
    protected abstract void AdvanceFrom(int step, ReadOnlySpan<float> velocity, Span<float> latents, float[][] history);

    /// <summary>Half the logarithm of the signal-to-noise ratio, λ = log(1−σ) − log σ: −∞ at σ = 1, ∞ at σ = 0.</summary>
    protected double Lambda(int step) => Math.Log(1.0 - Sigmas[step]) - Math.Log(Sigmas[step]);
}
