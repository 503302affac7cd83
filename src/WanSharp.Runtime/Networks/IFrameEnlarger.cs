using WanSharp.Tensors;

namespace WanSharp.Runtime.Networks;

/// <summary>Enlarges frames, or tiles of them. Thread-safe.</summary>
internal interface IFrameEnlarger
{
    /// <summary>How many times as wide and as high the frames become.</summary>
    int Scale { get; }

    /// <summary>A frame's sides must be multiples of it.</summary>
    int Multiple { get; }

    /// <summary>Enlarges frames.</summary>
    /// <param name="frames">F32 [batch, 3, height, width], 0 to 1.</param>
    /// <param name="cancellationToken">Stops between two operations.</param>
    /// <returns>[batch, 3, scale · height, scale · width], a little beyond 0 and 1 at most; the caller disposes it.</returns>
    Tensor Enlarge(Tensor frames, CancellationToken cancellationToken);
}
