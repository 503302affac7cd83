using WanSharp.Media.Ffmpeg;

namespace WanSharp.Media.Clips;

/// <summary>Streams frames into ffmpeg. Holds none, except gif, where ffmpeg keeps them until it knows their palette.</summary>
/// <param name="process">ffmpeg, running.</param>
/// <param name="failure">How messages begin.</param>
internal sealed class FfmpegEncoder(FfmpegProcess process, string failure) : IClipEncoder
{
    private int _written;

    public async Task WriteAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellationToken)
    {
        using (process.KillOn(cancellationToken))
        {
            try
            {
                await process.Input.WriteAsync(frame, CancellationToken.None).ConfigureAwait(false);
                await process.Input.FlushAsync(CancellationToken.None).ConfigureAwait(false);
            }
            catch (IOException exception)
            {
                await process.FinishAsync(failure, cancellationToken).ConfigureAwait(false); // has the better message, if any
                throw new MediaException($"{failure}: ffmpeg took no more frames after {_written}.", exception);
            }
        }

        cancellationToken.ThrowIfCancellationRequested();
        _written++;
    }

    public Task FinishAsync(CancellationToken cancellationToken) => process.FinishAsync(failure, cancellationToken);

    public ValueTask DisposeAsync() => process.DisposeAsync();
}
