namespace WanSharp.Hosting.Outputs;

/// <summary>The clip whose steps another one begins with.</summary>
/// <param name="Prompt">Its prompt.</param>
/// <param name="Steps">The number of its steps.</param>
/// <param name="Similarity">How near the prompts are, at most 1.</param>
public sealed record ReuseOutput(string Prompt, int Steps, double Similarity);
