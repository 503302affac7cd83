using WanSharp.Engine.Planning;
using WanSharp.Storage;

namespace WanSharp.Jobs.Results;

/// <summary>Names a clip by all that decides it.</summary>
public static class ResultKey
{
    /// <summary>The key of a clip that the engine in this process makes: <see cref="PreparedJob.ResultKey"/>.</summary>
    /// <param name="plan">From the generator: its identity names every setting, the digests of the model and of the images' pixels,
    /// and what computes.</param>
    public static string OfEngine(GenerationPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return Of("engine", plan.Identity);
    }

    /// <summary>The digest of several texts, each with its place and length.</summary>
    /// <param name="parts">What decides the clip.</param>
    public static string Of(params IEnumerable<string> parts) => Digests.OfParts(parts);
}
