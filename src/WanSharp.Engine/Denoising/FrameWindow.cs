namespace WanSharp.Engine.Denoising;

/// <summary>Latent frames of a clip that the network sees at a time.</summary>
/// <param name="Start">The first of them, not counting those of reference pictures.</param>
/// <param name="Weights">How much each of its frames counts: at every frame the weights of all windows add up to 1.</param>
internal sealed record FrameWindow(int Start, IReadOnlyList<float> Weights);
