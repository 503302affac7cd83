namespace WanSharp.Runtime.Networks;

/// <summary>A negative prompt that guides a sample's attention to its prompt (<see cref="Graphs.GraphOptions.GuidesAttention"/>).</summary>
/// <param name="Keys">What the transformer made of the negative prompt; stays the caller's.</param>
/// <param name="Scale">How far away from it; 1 for not at all.</param>
/// <param name="Tau">How many times as long as without guidance the result may be.</param>
/// <param name="Alpha">How much of the result is taken, 0 to 1.</param>
public sealed record NegativeText(TextKeys Keys, float Scale, float Tau, float Alpha);
