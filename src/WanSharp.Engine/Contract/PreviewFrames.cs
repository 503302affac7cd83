namespace WanSharp.Engine;

/// <summary>A step's estimate of the clean clip, as pictures.</summary>
/// <param name="Step">The step, from 1.</param>
/// <param name="Steps">Steps of the clip.</param>
/// <param name="Width">Pixels across; by the colours of latents one for each of their positions, by a tiny decoder the clip's.</param>
/// <param name="Height">Pixels down.</param>
/// <param name="Fps">Frames shown per second: fewer than the clip's where there is one for each latent frame.</param>
/// <param name="Frames">The frames, rgb24.</param>
public sealed record PreviewFrames(int Step, int Steps, int Width, int Height, double Fps, IReadOnlyList<byte[]> Frames);
