namespace WanSharp.Engine.Reuse;

/// <summary>How many steps a clip may take from another one.</summary>
/// <param name="Similarity">The least similarity of their prompts.</param>
/// <param name="Share">The share of the steps, above 0 and below 1.</param>
public sealed record ReuseRow(double Similarity, double Share)
{
    /// <summary>The number of a clip's steps for this share: at least one, and never the last.</summary>
    internal int StepsOf(int steps) => Math.Clamp((int)(Share * steps), 1, Math.Max(1, steps - 1));
}
