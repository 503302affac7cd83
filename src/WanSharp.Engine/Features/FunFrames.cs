using WanSharp.Tensors;

namespace WanSharp.Engine.Features;

/// <summary>What a clip of VideoX-Fun's models is made after, in the clip's size.</summary>
/// <param name="Control">The control, and the reference.</param>
/// <param name="ReferenceFrames">Latent frames in front of the clip's: 1 in models that take a reference, also where there is none.</param>
internal sealed record FunFrames(ControlFrames Control, int ReferenceFrames)
{
    /// <summary>The first frame, [3, height, width], −1 to 1; null for none.</summary>
    public Tensor? First { get; init; }

    /// <summary>The last frame; null for none.</summary>
    public Tensor? Last { get; init; }
}
