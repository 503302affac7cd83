using WanSharp.Engine.Costs;
using WanSharp.Engine.Requests;

namespace WanSharp.Hosting.Outputs;

/// <summary>What a clip costs before it is made.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Files">The model's files, by part.</param>
/// <param name="Settings">The settings that the clip would embed.</param>
/// <param name="Latents">The shape of the latents.</param>
/// <param name="Tokens">Tokens that the transformer sees at a time.</param>
/// <param name="Windows">The windows that it sees the clip in; 1 for all of it at once.</param>
/// <param name="CutPrompts">The prompts that are longer than the model reads.</param>
/// <param name="Branches">Forward passes in a step: 2 with guidance.</param>
/// <param name="SkippedSteps">Denoise steps that are expected to be estimated from earlier ones (<c>--step-cache</c>).</param>
/// <param name="Weights">Bytes of weights, by network and element type.</param>
/// <param name="Stages">What each stage costs.</param>
/// <param name="Seconds">The predicted time.</param>
/// <param name="Memory">The memory that it needs with everything kept.</param>
/// <param name="PrivateBytes">The private part of it.</param>
/// <param name="MappedBytes">The part that is mapped from files.</param>
/// <param name="PrecisionWhy">What products are computed in, and why.</param>
/// <param name="Strategy">How it would run in the memory that it may use.</param>
/// <param name="Alternatives">What costs less.</param>
/// <param name="Calibration">How fast this machine is.</param>
public sealed record PlanOutput(
    string Model,
    IReadOnlyDictionary<string, string> Files,
    GenerationSettings Settings,
    IReadOnlyList<long> Latents,
    int Tokens,
    int Windows,
    IReadOnlyList<CutPromptOutput> CutPrompts,
    int Branches,
    int SkippedSteps,
    IReadOnlyDictionary<string, IReadOnlyDictionary<string, long>> Weights,
    IReadOnlyList<StageOutput> Stages,
    double Seconds,
    IReadOnlyList<PlanMemoryOutput> Memory,
    long PrivateBytes,
    long MappedBytes,
    string PrecisionWhy,
    StrategyOutput Strategy,
    IReadOnlyList<AlternativeOutput> Alternatives,
    Calibration Calibration
);
