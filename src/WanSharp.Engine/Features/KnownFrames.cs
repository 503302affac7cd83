using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Features;

/// <summary>The first frames of a control, as they are.</summary>
/// <param name="frames">The control, which shows something in all of them.</param>
/// <param name="latentFrames">The latent frames that are encoded.</param>
/// <param name="temporalStride">Frames of video to a latent frame after the first.</param>
internal sealed class KnownFrames(ControlFrames frames, int latentFrames, int temporalStride) : IFrameSource
{
    private readonly MaskedFrames _all = new(frames, temporalStride, isMade: true);

    public int Width => _all.Width;

    public int Height => _all.Height;

    public int LatentFrames => latentFrames;

    public IEnumerable<Tensor> Read(FrameArea area) => _all.Read(area).Take(latentFrames);
}
