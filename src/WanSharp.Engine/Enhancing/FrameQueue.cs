using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace WanSharp.Engine.Enhancing;

/// <summary>Frames that are made while earlier ones are taken: they wait in a queue, up to a bound; then the making waits, too.</summary>
internal static class FrameQueue
{
    /// <summary>The frames, made ahead.</summary>
    /// <param name="make">Makes them; what it is given says that they are not wanted any more.</param>
    /// <param name="most">How many wait.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async IAsyncEnumerable<byte[]> AheadAsync(
        Func<CancellationToken, IAsyncEnumerable<byte[]>> make,
        int most,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        using var abandoned = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var queue = Channel.CreateBounded<byte[]>(most);
        var making = FillAsync(make, queue.Writer, abandoned.Token);
        try
        {
            await foreach (var frame in queue.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return frame;
            }
        }
        finally
        {
            await abandoned.CancelAsync().ConfigureAwait(false); // no effect when all is made
            await making.ConfigureAwait(false);
        }
    }

    /// <summary>Fills the queue, and ends it: with the failure if there is one, which the reader of the queue throws.</summary>
    private static async Task FillAsync(
        Func<CancellationToken, IAsyncEnumerable<byte[]>> make,
        ChannelWriter<byte[]> queue,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await foreach (var frame in make(cancellationToken).ConfigureAwait(false))
            {
                await queue.WriteAsync(frame, cancellationToken).ConfigureAwait(false);
            }

            queue.Complete();
        }
        catch (Exception e)
        {
            queue.Complete(e);
        }
    }
}
