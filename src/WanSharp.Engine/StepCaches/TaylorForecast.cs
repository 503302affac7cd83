namespace WanSharp.Engine.StepCaches;

/// <summary>
/// TaylorSeer on the network's output: F + d·ΔF + d²/2·Δ²F, with differences of the last computed steps and d steps since then. Of order 0
/// it is the last output, as TeaCache and MagCache use it.
/// </summary>
/// <remarks>Source: Liu et al., arXiv 2503.06923; Shenyi-Z/TaylorSeer: <c>derivative_approximation</c>, <c>taylor_formula</c>.</remarks>
/// <param name="order">0, 1 or 2.</param>
internal sealed class TaylorForecast(int order) : IStepForecast
{
    public int Length => order + 1;

    public int Least => order + 1;

    public double[] Weights(IReadOnlyList<int> steps, int step)
    {
        var weights = new double[steps.Count];
        double distance = step - steps[^1];
        weights[^1] = 1;
        if (order == 0)
        {
            return weights;
        }

        double last = steps[^1] - steps[^2];
        weights[^1] += distance / last;
        weights[^2] -= distance / last;
        if (order == 1)
        {
            return weights;
        }

        // Δ²F is the difference of two ΔF, over the last interval.
        double before = steps[^2] - steps[^3];
        var bend = distance * distance / 2 / last;
        weights[^1] += bend / last;
        weights[^2] -= (bend / last) + (bend / before);
        weights[^3] += bend / before;
        return weights;
    }
}
