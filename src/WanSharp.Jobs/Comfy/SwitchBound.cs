namespace WanSharp.Jobs.Comfy;

/// <summary>The step at which a sampler begins or ends because another has the steps before or after it.</summary>
/// <param name="Input">The input that asks for it.</param>
/// <param name="Source">Where its value comes from.</param>
/// <param name="Steps">The input that holds the number of steps of which it is one; null when that is not known.</param>
internal sealed record SwitchBound(ComfyInput Input, ValueSource Source, ComfyInput? Steps);
