using WanSharp.Media.Clips;

namespace WanSharp.Tools.Quality;

/// <summary>Keeps a clip's frames in memory, to be compared.</summary>
internal sealed class ClipRecorder : IFrameWriter
{
    private readonly List<byte[]> _frames = [];

    /// <summary>The frames so far.</summary>
    public IReadOnlyList<byte[]> Frames => _frames;

    public Task WriteAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellationToken)
    {
        _frames.Add(frame.ToArray());
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
