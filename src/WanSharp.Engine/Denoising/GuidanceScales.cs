namespace WanSharp.Engine.Denoising;

/// <summary>How strongly to follow the prompt, for each expert. A model of one transformer has the low-noise scale.</summary>
internal readonly record struct GuidanceScales(float LowNoise, float HighNoise)
{
    public GuidanceScales(float both)
        : this(both, both)
    {
    }

    public float At(bool isHighNoise) => isHighNoise ? HighNoise : LowNoise;
}
