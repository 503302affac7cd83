namespace WanSharp.Media.Clips;

/// <summary>Takes a clip's frames one by one; whoever made the writer completes the clip.</summary>
/// <remarks>Not thread-safe: one frame after the other.</remarks>
public interface IFrameWriter : IAsyncDisposable
{
    /// <summary>Takes the next frame; it may be reused when the task ends. Waits while the encoder is busy.</summary>
    /// <param name="frame">Red, green and blue of each pixel, row by row.</param>
    /// <param name="cancellationToken">Gives the clip up.</param>
    /// <exception cref="MediaException">The clip cannot be written.</exception>
    Task WriteAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellationToken);
}
