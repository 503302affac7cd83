namespace WanSharp.Storage;

/// <summary>The folders under one cache root, each a <see cref="ContentStore"/> of its own.</summary>
public static class CacheSections
{
    /// <summary>Finished clips.</summary>
    public const string Results = "results";

    /// <summary>Text embeddings, features and latents of images.</summary>
    public const string Features = "features";

    /// <summary>Weights converted for this machine.</summary>
    public const string Weights = "weights";

    /// <summary>Compiled graphs with their packed weights.</summary>
    public const string Graphs = "graphs";

    /// <summary>How fast this machine is, as it was measured.</summary>
    public const string Calibration = "calibration";

    /// <summary>Latents after some steps, for clips of similar prompts.</summary>
    public const string Steps = "steps";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [Results, Features, Steps, Weights, Graphs, Calibration];
}
