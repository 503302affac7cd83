namespace WanSharp.Engine.Denoising;

/// <summary>A row of a forward pass.</summary>
/// <param name="Clip">Whose step it is of.</param>
/// <param name="Branch">The branch of guidance: 0 for the prompt's.</param>
/// <param name="Window">The window of its frames; 0 for a clip in one piece.</param>
internal readonly record struct StepRow(DenoiseState Clip, int Branch, int Window);
