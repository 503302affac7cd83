using WanSharp.Media.Clips;

namespace WanSharp.Jobs.Local;

/// <summary>
/// A writer of clips whose encoder starts with the first frame: of many clips that are denoised, few are written at a time.
/// </summary>
internal sealed class LateVideoWriter(string? ffmpeg, OutputTarget target, ClipFormat format, string settings) : IFrameWriter
{
    private VideoWriter? _writer;

    public Task WriteAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellationToken) => Writer.WriteAsync(frame, cancellationToken);

    public Task CompleteAsync(CancellationToken cancellationToken = default) => Writer.CompleteAsync(cancellationToken);

    public ValueTask DisposeAsync() => _writer?.DisposeAsync() ?? ValueTask.CompletedTask;

    private VideoWriter Writer => _writer ??= VideoWriter.Create(ffmpeg, target, format, settings);
}
