using WanSharp.Tensors;

namespace WanSharp.Runtime.Networks;

/// <summary>A tile's part of the frames of one latent frame.</summary>
/// <param name="Row">Where it is, in positions of the latents.</param>
/// <param name="Column">Where it is, in positions of the latents.</param>
/// <param name="LatentFrame">Which latent frame's they are.</param>
/// <param name="Frames">F32 [batch, 3, 1 or temporal stride, height, width] of the tile; owned by whoever receives it.</param>
internal readonly record struct DecodedTile(TileSpan Row, TileSpan Column, int LatentFrame, Tensor Frames)
{
    /// <summary>Whether these frames are whole with it.</summary>
    public bool IsLast => (Row.After, Column.After) == (0, 0);
}
