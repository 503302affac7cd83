using WanSharp.Engine.Output;

namespace WanSharp.Engine.Tests;

/// <summary>Keeps a clip's frames in memory.</summary>
internal sealed class FrameList : IFrameWriter
{
    public List<byte[]> Frames { get; } = [];

    public Task WriteAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Frames.Add(frame.ToArray());
        return Task.CompletedTask;
    }

    public Task CompleteAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
