using WanSharp.Media.Clips;

namespace WanSharp.Testing;

/// <summary>Keeps a clip's frames in memory.</summary>
public sealed class FrameList : IFrameWriter
{
    public List<byte[]> Frames { get; } = [];

    public Task WriteAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Frames.Add(frame.ToArray());
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
