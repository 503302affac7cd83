namespace WanSharp.Engine.Sampling;

/// <summary>Which of Wan 2.2's two experts takes a step.</summary>
/// <remarks>Source: Wan-Video/Wan2.2:wan/text2video.py, <c>_prepare_model_for_timestep</c>.</remarks>
internal static class ExpertBoundary
{
    private const int Timesteps = 1000;

    /// <summary>Whether the high-noise expert takes a step.</summary>
    /// <param name="timestep">The step's timestep, 0 to 1000.</param>
    /// <param name="boundary">The share of the timesteps from which the high-noise expert takes over, 0 to 1.</param>
    public static bool IsHighNoise(float timestep, double boundary) => timestep >= boundary * Timesteps;
}
