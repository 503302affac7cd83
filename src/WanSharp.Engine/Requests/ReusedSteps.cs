namespace WanSharp.Engine.Requests;

/// <summary>The clip whose steps another one began with. All settings but the prompt are those of the other one.</summary>
/// <param name="Prompt">Its prompt.</param>
/// <param name="Steps">How many of its steps.</param>
/// <param name="Similarity">How near the prompts are, at most 1: the cosine of their embeddings.</param>
public sealed record ReusedSteps(string Prompt, int Steps, double Similarity);
