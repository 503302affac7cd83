using WanSharp.Engine.Denoising;
using WanSharp.Engine.Requests;
using WanSharp.Engine.Sampling;
using WanSharp.Engine.Strategies;
using WanSharp.Media.Clips;
using WanSharp.Media.Images;
using WanSharp.Models.Decoders;
using WanSharp.Models.Enhancers;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Planning;

/// <summary>A request with every setting resolved and every shape known; nothing is computed yet.</summary>
public sealed record GenerationPlan
{
    /// <summary>The settings, with the model's defaults filled in.</summary>
    public required GenerationSettings Settings { get; init; }

    /// <summary>
    /// The latents that are denoised, <c>[1, channels, latentFrames, latentHeight, latentWidth]</c>: those of reference pictures, then the
    /// clip's.
    /// </summary>
    public required Shape Latents { get; init; }

    /// <summary>The latents of a row of a forward pass: all that are denoised, or those of a window.</summary>
    public Shape PassLatents => Windows?.ShapeOf(Latents) ?? Latents;

    /// <summary>How many windows the transformer sees the clip in, one after another, in a step of most; 1 for all of it at once.</summary>
    public int WindowCount => Windows?.Most ?? 1;

    /// <summary>The windows; null for all of the clip at once.</summary>
    internal MovingWindows? Windows { get; init; }

    /// <summary>Numbers of what each window gives in a step, and of what that is together.</summary>
    internal long WindowValues => Windows is null ? 0 : Branches * (Latents.ElementCount + (WindowCount * PassLatents.ElementCount));

    /// <summary>How many passes a step has, and rows of each: each window has its own, and so have the branches of a large one.</summary>
    internal (double Passes, int Rows) PassesOf(int branches)
    {
        var windows = Windows is null ? 1 : Enumerable.Range(0, Settings.Steps).Average(step => Windows.At(step).All.Count);
        return SharedPass.IsFor(Tokens, branches) ? (windows * Math.Min(branches, 1), branches) : (windows * branches, 1);
    }

    /// <summary>The sampler that <see cref="GenerationSettings.Sampler"/> names.</summary>
    public required SamplerKind Sampler { get; init; }

    /// <summary>The number of tokens that the transformer sees at a time in each branch: those of a window, where there are some.</summary>
    public required int Tokens { get; init; }

    /// <summary>
    /// Branches of each step, which are rows of a forward pass: 2 with guidance, 1 at a scale of 1, none where a step takes no velocity.
    /// </summary>
    public required IReadOnlyList<int> StepBranches { get; init; }

    /// <summary>The most branches that a step has.</summary>
    public int Branches => StepBranches.Max();

    /// <summary>How many prompts are encoded: the negative prompt where guidance needs it.</summary>
    public int Prompts => Branches > 1 || Settings.Nag is not null ? 2 : 1;

    /// <summary>
    /// Whether the transformer runs block by block however it is compiled for other clips: what is different in some blocks, or in the
    /// positions, is not in a graph of the whole network.
    /// </summary>
    public bool RunsInBlocks =>
        Loras.AreInputs || Settings is not { Slg: null, Nag: null, Riflex: null } || StepCache is { RunsInBlocks: true };

    /// <summary>
    /// The number of steps, from the first, that the high-noise expert takes; 0 if there is only one transformer.
    /// </summary>
    public required int HighNoiseSteps { get; init; }

    /// <summary>The latent frames that images give, or show to the model, each with its image.</summary>
    public required IReadOnlyDictionary<int, RgbImage> GivenFrames { get; init; }

    /// <summary>The tiles that frames are decoded and given images encoded in; null for whole frames.</summary>
    public VaeTiling? VaeTiles { get; init; }

    /// <summary>Which steps are estimated from earlier ones instead of computed; null where all are computed.</summary>
    public StepCachePlan? StepCache { get; init; }

    /// <summary>The branches of each step that the transformer is expected to compute: none in a step that is skipped.</summary>
    public IReadOnlyList<int> ComputedBranches =>
        StepCache is { } cache ? [.. StepBranches.Select((branches, step) => cache.Skips(step) ? 0 : branches)] : StepBranches;

    /// <summary>The LoRAs that change the transformer.</summary>
    public LoraPlan Loras { get; init; } = LoraPlan.None;

    /// <summary>The prompts that are longer than the model reads. Empty if the plan was not made by a generator.</summary>
    public IReadOnlyList<CutPrompt> CutPrompts { get; init; } = [];

    /// <summary>What makes it likely that the clip is not what the user expects, a line each; usually none.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>How the model runs within its memory limit; null if none is set.</summary>
    public Strategy? Strategy { get; init; }

    /// <summary>
    /// Everything that determines the clip's bits, as text: the settings, and everything that executes them. Plans with equal
    /// identities make the same clip, except for the rounding of shared steps. Empty if the plan was not made by a generator.
    /// </summary>
    public string Identity { get; init; } = "";

    /// <summary>
    /// The part of <see cref="Identity"/> that decides the latents: a clip whose plan has the same latent identity can be resumed
    /// from a snapshot, even if the memory strategy or the decoding tiles have changed. Empty if the plan was not made by a
    /// generator.
    /// </summary>
    public string LatentIdentity { get; init; } = "";

    /// <summary>What decodes the clip; null for the model's own VAE. Belongs to what made the plan.</summary>
    public DecoderFile? Decoder { get; init; }

    /// <summary>What encodes the clip's images; null for the model's own VAE. Belongs to what made the plan.</summary>
    public DecoderFile? Encoder { get; init; }

    /// <summary>
    /// What makes frames between the model's; null where nothing does, or ffmpeg, as <see cref="GenerationSettings.Interpolate"/> says.
    /// Belongs to what made the plan.
    /// </summary>
    public EnhancerFile? Interpolator { get; init; }

    /// <summary>What enlarges the clip's frames; null where nothing does. Belongs to what made the plan.</summary>
    public EnhancerFile? Upscaler { get; init; }

    /// <summary>The tiles that frames are enlarged in; null for whole frames.</summary>
    public VaeTiling? UpscaleTiles { get; init; }

    /// <summary>The clip's measures, for a writer.</summary>
    public ClipFormat Format =>
        new(Settings.OutputSize.Width, Settings.OutputSize.Height, Settings.OutputFrames ?? Settings.Frames, Settings.Fps);

    /// <summary>The plan of the steps that are left: for estimates, not to run.</summary>
    /// <param name="step">How many are taken.</param>
    public GenerationPlan After(int step) =>
        this with
        {
            Settings = Settings with { Steps = Settings.Steps - step },
            StepBranches = [.. StepBranches.Skip(step)],
            HighNoiseSteps = Math.Max(0, HighNoiseSteps - step),
            StepCache = StepCache?.After(step),
        };

    /// <summary>What a model that follows a control makes the clip after; null for other models.</summary>
    internal ControlPlan? Control { get; init; }

    /// <summary>Latent frames in front of the clip's that are for reference pictures, and are not decoded.</summary>
    public int ReferenceFrames => Control?.ReferenceFrames ?? 0;

    /// <summary>The latents of the clip itself, <c>[1, channels, latentFrames, latentHeight, latentWidth]</c>.</summary>
    public Shape ClipLatents => [Latents[0], Latents[1], LatentFrames, Latents[3], Latents[4]];

    /// <summary>Latent frames of the clip.</summary>
    public int LatentFrames => (int)Latents[2] - ReferenceFrames;

    /// <summary>Whether frames are encoded for it: of given images, or of what it follows.</summary>
    internal bool EncodesFrames => GivenFrames.Count > 0 || Control is { Encodes: true };

    /// <summary>Whether some latent frames are given clean, at timestep 0.</summary>
    internal bool HasCleanFrames { get; init; }
}
