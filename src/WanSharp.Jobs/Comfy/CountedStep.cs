namespace WanSharp.Jobs.Comfy;

/// <summary>A step that an input names, and that moves with the number of steps.</summary>
/// <param name="Input">The input that asks for it.</param>
/// <param name="Source">Where its value comes from.</param>
/// <param name="Steps">The input that holds the number of steps of which it is one; null when that is not known.</param>
/// <param name="IsTurn">Whether a sampler begins or ends there because another has the steps before or after it.</param>
internal sealed record CountedStep(ComfyInput Input, ValueSource Source, ComfyInput? Steps, bool IsTurn);
