namespace WanSharp.Engine.StepCaches;

/// <summary>Estimates a step's output as a sum of earlier outputs.</summary>
internal interface IStepForecast
{
    /// <summary>How many of the last outputs it looks at.</summary>
    int Length { get; }

    /// <summary>How many it needs.</summary>
    int Least { get; }

    /// <summary>The weight of each output.</summary>
    /// <param name="steps">The steps whose outputs are known, oldest first.</param>
    /// <param name="step">The step that is estimated.</param>
    double[] Weights(IReadOnlyList<int> steps, int step);
}
