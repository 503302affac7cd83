namespace WanSharp.Media.Clips;

/// <summary>Makes a file, or a file a frame, in a work folder. Not thread-safe. Disposing it ends whatever still runs.</summary>
internal interface IClipEncoder : IAsyncDisposable
{
    /// <summary>Takes the next frame, which may be reused when the task ends.</summary>
    /// <exception cref="MediaException">It cannot be written.</exception>
    Task WriteAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellationToken);

    /// <summary>Finishes after the last frame.</summary>
    /// <exception cref="MediaException">It cannot be written.</exception>
    Task FinishAsync(CancellationToken cancellationToken);
}
