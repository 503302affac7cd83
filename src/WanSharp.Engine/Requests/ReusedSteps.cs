namespace WanSharp.Engine.Requests;

/// <summary>The clip whose steps another one started from. Both have the same settings, except for the prompt.</summary>
/// <param name="Prompt">Its prompt.</param>
/// <param name="Steps">The number of steps that were reused.</param>
/// <param name="Similarity">The similarity of the prompts, at most 1: the cosine of their embeddings.</param>
public sealed record ReusedSteps(string Prompt, int Steps, double Similarity);
