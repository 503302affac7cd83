using WanSharp.Engine.Sampling;
using WanSharp.Media.Images;
using WanSharp.Models.Decoders;
using WanSharp.Tensors;

namespace WanSharp.Engine.Planning;

/// <summary>What a request asks for, or else the model's default, checked against the model.</summary>
/// <param name="Width">The clip's width.</param>
/// <param name="Height">The clip's height.</param>
/// <param name="Frames">The clip's frames.</param>
/// <param name="Fps">Frames a second.</param>
/// <param name="Windows">The windows of its frames.</param>
/// <param name="Sampler">The sampler.</param>
/// <param name="Schedule">The steps.</param>
/// <param name="Guidance">How far the prompt guides.</param>
/// <param name="Latents">The latents' shape, with frames of references.</param>
/// <param name="Given">Images, by latent frame.</param>
/// <param name="Control">What is followed; null for a model that follows nothing.</param>
/// <param name="Decoder">Decodes instead of the model's VAE; null for that.</param>
/// <param name="Encoder">Encodes images instead of the model's VAE; null for that, and without images.</param>
internal sealed record ResolvedRequest(
    int Width,
    int Height,
    int Frames,
    int Fps,
    WindowPlan Windows,
    SamplerKind Sampler,
    StepPlan Schedule,
    GuidancePlan Guidance,
    Shape Latents,
    IReadOnlyDictionary<int, RgbImage> Given,
    ControlPlan? Control,
    DecoderFile? Decoder,
    DecoderFile? Encoder
);
