namespace WanSharp.Engine.Requests;

/// <summary>How strongly a LoRA acts in some steps of a clip.</summary>
/// <param name="Strength">What its change of the weights is multiplied by.</param>
/// <param name="First">The first step, from 0.</param>
/// <param name="Last">The last step; null for all that follow.</param>
public sealed record LoraPhase(double Strength, int First = 0, int? Last = null);
