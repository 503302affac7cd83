using WanSharp.Engine.Requests;

namespace WanSharp.Engine.Denoising;

/// <summary>How strongly to follow the prompt, for each expert. A model of one transformer has the low-noise scale.</summary>
internal readonly record struct GuidanceScales(float LowNoise, float HighNoise)
{
    public GuidanceScales(float both)
        : this(both, both) { }

    /// <summary>The scales that settings name.</summary>
    public static GuidanceScales Of(GenerationSettings settings) =>
        new(settings.GuidanceScale, settings.HighNoiseGuidanceScale ?? settings.GuidanceScale);

    public float At(bool isHighNoise) => isHighNoise ? HighNoise : LowNoise;
}
