using WanSharp.Media.Clips;

namespace WanSharp.Testing;

/// <summary>A writer that takes no frame until it is opened.</summary>
public sealed class GatedFrames : IFrameWriter
{
    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public List<byte[]> Frames { get; } = [];

    /// <summary>Ends when the first frame waits.</summary>
    public Task Reached => _reached.Task;

    public void Open() => _open.SetResult();

    public async Task WriteAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellationToken)
    {
        _reached.TrySetResult();
        await _open.Task.WaitAsync(cancellationToken);
        Frames.Add(frame.ToArray());
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
