using WanSharp.Engine.Requests;
using WanSharp.Engine.Sampling;
using WanSharp.Engine.Strategies;
using WanSharp.Media.Clips;
using WanSharp.Media.Images;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Planning;

/// <summary>What will run for a request: every setting resolved, every shape known, nothing computed yet.</summary>
public sealed record GenerationPlan
{
    /// <summary>The settings, with the model's defaults filled in.</summary>
    public required GenerationSettings Settings { get; init; }

    /// <summary>The latents of the clip, <c>[1, channels, latentFrames, latentHeight, latentWidth]</c>.</summary>
    public required Shape Latents { get; init; }

    /// <summary>The sampler that <see cref="GenerationSettings.Sampler"/> names.</summary>
    public required SamplerKind Sampler { get; init; }

    /// <summary>Tokens that the transformer sees in each branch.</summary>
    public required int Tokens { get; init; }

    /// <summary>Forward passes for each step: 2 with guidance, 1 at a scale of 1.</summary>
    public required int Branches { get; init; }

    /// <summary>How many of the steps, the first ones, the high-noise expert takes; 0 where there is one transformer.</summary>
    public required int HighNoiseSteps { get; init; }

    /// <summary>The latent frames that images give, or show to the model, each with its image.</summary>
    public required IReadOnlyDictionary<int, RgbImage> GivenFrames { get; init; }

    /// <summary>The tiles that frames are decoded and given images encoded in; null for whole frames.</summary>
    public VaeTiling? VaeTiles { get; init; }

    /// <summary>The prompts that are longer than the model reads. Empty where no generator made the plan.</summary>
    public IReadOnlyList<CutPrompt> CutPrompts { get; init; } = [];

    /// <summary>How the model runs within its memory; null where no memory limit is set.</summary>
    public Strategy? Strategy { get; init; }

    /// <summary>
    /// Everything that decides the clip's bits, as text: the settings, and all that executes them. Plans of one identity make one
    /// clip, except the
    /// rounding of steps that are shared. Empty where no generator made the plan.
    /// </summary>
    public string Identity { get; init; } = "";

    /// <summary>
    /// The part of <see cref="Identity"/> that decides the latents: a clip whose plan has the same may be continued from a snapshot,
    /// whatever
    /// became of the memory and of the tiles that frames are decoded in. Empty where no generator made the plan.
    /// </summary>
    public string LatentIdentity { get; init; } = "";

    /// <summary>The clip's measures, for a writer.</summary>
    public ClipFormat Format => new(Settings.Width, Settings.Height, Settings.Frames, Settings.Fps);

    /// <summary>Frames of latents.</summary>
    public int LatentFrames => (int)Latents[2];
}
