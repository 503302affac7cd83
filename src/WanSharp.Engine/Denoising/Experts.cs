using WanSharp.Runtime.Networks;

namespace WanSharp.Engine.Denoising;

/// <summary>A model's transformers: one, or Wan 2.2's two experts, of which a step's timestep chooses.</summary>
/// <remarks>Source: Wan-Video/Wan2.2:wan/text2video.py, <c>_prepare_model_for_timestep</c>.</remarks>
/// <param name="LowNoise">The expert for what is left, or the only transformer.</param>
/// <param name="HighNoise">The expert for the first steps; null if there is one transformer.</param>
/// <param name="Boundary">The share of the timesteps from which on the high-noise expert takes a step, 0 to 1.</param>
internal sealed record Experts(TransformerRunner LowNoise, TransformerRunner? HighNoise = null, double Boundary = 1)
{
    private const int Timesteps = 1000;

    public bool IsHighNoise(float timestep) => HighNoise is not null && timestep >= Boundary * Timesteps;

    public TransformerRunner At(float timestep) => IsHighNoise(timestep) ? HighNoise! : LowNoise;
}
