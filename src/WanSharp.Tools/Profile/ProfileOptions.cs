using WanSharp.Engine.Requests;
using WanSharp.Hosting;

namespace WanSharp.Tools.Profile;

/// <summary>What is profiled.</summary>
public sealed record ProfileOptions
{
    /// <summary>The model, and what computes it.</summary>
    public required EngineSettings Engine { get; init; }

    /// <summary>The clip.</summary>
    public required GenerationRequest Request { get; init; }

    /// <summary>How many clips, with other seeds, are made together. Default: 1.</summary>
    public int Clips { get; init; } = 1;

    /// <summary>How often they are made, with and without being recorded. Default: 3.</summary>
    public int Runs { get; init; } = 3;

    /// <summary>Whether ONNX Runtime's own profile of operators is taken, in one run more. Default: true.</summary>
    public bool Operators { get; init; } = true;
}
