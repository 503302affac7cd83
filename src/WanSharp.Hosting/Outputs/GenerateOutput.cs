using WanSharp.Engine.Requests;

namespace WanSharp.Hosting.Outputs;

/// <summary>A clip that was made.</summary>
/// <param name="Path">The clip.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="ComputedSteps">Denoise steps that the network computed.</param>
/// <param name="SkippedSteps">Denoise steps that were estimated from earlier ones (<c>--step-cache</c>).</param>
/// <param name="VaeTiles">The size of the tiles that it was decoded in; null for whole frames.</param>
/// <param name="Compile">How the transformer was split into graphs.</param>
/// <param name="Graphs">How graphs were compiled and used.</param>
/// <param name="Memory">What the engine may use of the memory, and holds.</param>
/// <param name="CutPrompts">The prompts that are longer than the model reads.</param>
/// <param name="Settings">The settings that the clip embeds.</param>
public sealed record GenerateOutput(
    string Path,
    double Seconds,
    int ComputedSteps,
    int SkippedSteps,
    string? VaeTiles,
    string Compile,
    GraphsOutput Graphs,
    MemoryOutput Memory,
    IReadOnlyList<CutPromptOutput> CutPrompts,
    GenerationSettings Settings
);
