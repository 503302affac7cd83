using WanSharp.Engine.Planning;
using WanSharp.Models.Decoders;
using WanSharp.Models.Enhancers;
using WanSharp.Tensors;

namespace WanSharp.Engine.Scheduling;

/// <summary>What of a clip decides what is compiled for it.</summary>
/// <param name="Latents">Its latents.</param>
/// <param name="Pass">Those of a row of a forward pass.</param>
/// <param name="Branches">Its branches of guidance.</param>
/// <param name="IsClean">Whether some frames are given clean.</param>
/// <param name="Encodes">Whether frames are encoded for it.</param>
/// <param name="Decoder">What decodes it; null for the model's VAE.</param>
/// <param name="Interpolator">What makes frames between its own; null for nothing.</param>
/// <param name="Upscaler">What enlarges its frames; null for nothing.</param>
internal sealed record ExpectedShapes(
    Shape Latents,
    Shape Pass,
    int Branches,
    bool IsClean,
    bool Encodes,
    DecoderFile? Decoder,
    EnhancerFile? Interpolator,
    EnhancerFile? Upscaler
)
{
    /// <summary>Those of a plan.</summary>
    public static ExpectedShapes Of(GenerationPlan plan) =>
        new(
            plan.Latents,
            plan.PassLatents,
            plan.Branches,
            plan.HasCleanFrames,
            plan.EncodesFrames,
            plan.Decoder,
            plan.Interpolator,
            plan.Upscaler
        );
}
