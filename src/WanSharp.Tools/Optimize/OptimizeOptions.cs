using WanSharp.Engine.Requests;
using WanSharp.Hosting;

namespace WanSharp.Tools.Optimize;

/// <summary>What is optimized.</summary>
public sealed record OptimizeOptions
{
    /// <summary>The model, and what computes it.</summary>
    public required EngineSettings Engine { get; init; }

    /// <summary>What is wanted.</summary>
    public required OptimizeGoal Goal { get; init; }

    /// <summary>The prompts by which ways are measured.</summary>
    public required IReadOnlyList<string> Prompts { get; init; }

    /// <summary>The prompts by which the answer is judged.</summary>
    public required IReadOnlyList<string> HeldBack { get; init; }

    /// <summary>
    /// How many clips judge: prompts repeat, seeds do not, and where clips take long there are fewer. Default: one of each prompt.
    /// </summary>
    public int? Judges { get; init; }

    /// <summary>The images of each clip, for models that need them. Default: none.</summary>
    public IReadOnlyList<ConditioningImage> Images { get; init; } = [];

    /// <summary>What the clips have in common: size, length, LoRAs. Default: what the model was made for.</summary>
    public ClipSettings Settings { get; init; } = new();

    /// <summary>What the program takes before it comes to a command. Default: nothing.</summary>
    public TimeSpan Started { get; init; }

    /// <summary>Whether frames of the ways are kept to be looked at. Default: false.</summary>
    public bool WithSheets { get; init; }

    /// <summary>How many ways are measured at most after each choice alone. Default: 24.</summary>
    public int Trials { get; init; } = 24;
}
