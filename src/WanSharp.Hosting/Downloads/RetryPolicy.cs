using System.Globalization;

namespace WanSharp.Hosting.Downloads;

/// <summary>Sends requests again after failures that pass.</summary>
internal sealed class RetryPolicy(DownloadOptions options, TimeProvider clock)
{
    /// <summary>Whether a failure may pass by itself.</summary>
    public static bool IsPassing(Exception exception) => exception is ConnectionLostException or ServerAnswerException { IsPassing: true };

    /// <summary>Runs something until it succeeds, fails for good, or has failed too often.</summary>
    public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        for (var failures = 0; ; failures++)
        {
            try
            {
                return await work(cancellationToken).ConfigureAwait(false);
            }
            catch (IOException exception) when (IsPassing(exception) && failures < options.Retries)
            {
                await WaitAsync(exception, failures, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Waits as long as the server asks, or longer with each failure.</summary>
    /// <exception cref="IOException">The server asks for too long.</exception>
    public async Task WaitAsync(IOException exception, int failures, CancellationToken cancellationToken)
    {
        var asked = (exception as ServerAnswerException)?.RetryAfter;
        if (asked > options.LongestDelay)
        {
            throw new IOException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{exception.Message} It asks for a pause of {asked.Value.TotalSeconds:0} seconds: run the command again after that."
                ),
                exception
            );
        }

        var delay = asked ?? options.FirstDelay * Math.Pow(2, failures);
        await Task.Delay(delay < options.LongestDelay ? delay : options.LongestDelay, clock, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sends a request, and gives up where nothing comes.</summary>
    /// <exception cref="ConnectionLostException">There is no connection.</exception>
    public async Task<HttpResponseMessage> SendAsync(
        string name,
        Func<CancellationToken, Task<HttpResponseMessage>> send,
        CancellationToken cancellationToken
    )
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(options.Patience);
        try
        {
            return await send(patience.Token).ConfigureAwait(false);
        }
        catch (HttpRequestException exception)
        {
            throw new ConnectionLostException($"{name} could not be fetched: {exception.Message}", exception);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ConnectionLostException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{name} could not be fetched: no answer in {options.Patience.TotalSeconds:0} seconds."
                )
            );
        }
    }
}
