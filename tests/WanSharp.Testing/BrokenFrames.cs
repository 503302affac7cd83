using WanSharp.Media.Clips;

namespace WanSharp.Testing;

/// <summary>A writer that fails at its first frame.</summary>
public sealed class BrokenFrames(Exception failure) : IFrameWriter
{
    public Task WriteAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellationToken) => throw failure;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
