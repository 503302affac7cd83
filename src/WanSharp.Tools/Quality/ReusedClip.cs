using WanSharp.Engine.Requests;

namespace WanSharp.Tools.Quality;

/// <summary>What a clip lost and saved that began with the steps of another prompt's clip.</summary>
/// <param name="Prompt">Its prompt.</param>
/// <param name="Reused">What it began with.</param>
/// <param name="Quality">The clip compared with the one that its own noise makes.</param>
/// <param name="Donor">The other prompt's clip compared with it.</param>
/// <param name="Time">The denoising's time, in parts of that of all steps.</param>
public sealed record ReusedClip(string Prompt, ReusedSteps Reused, FrameQuality Quality, FrameQuality Donor, double Time);
