using WanSharp.Tensors;

namespace WanSharp.Runtime.Networks;

/// <summary>The frames of a clip to encode, one area at a time, so that only a tile has to be in memory.</summary>
public interface IFrameSource
{
    /// <summary>Pixels across.</summary>
    int Width { get; }

    /// <summary>Pixels down.</summary>
    int Height { get; }

    /// <summary>The latent frames that the clip becomes.</summary>
    int LatentFrames { get; }

    /// <summary>An area of the frames in order, one latent frame at a time.</summary>
    /// <param name="area">The area.</param>
    /// <returns>First F32 [1, 3, 1, height, width], then [1, 3, temporal stride, height, width] for every further latent frame.
    /// Each belongs to the source and is valid until the next one is requested.</returns>
    IEnumerable<Tensor> Read(FrameArea area);
}
