using System.Globalization;
using System.Net;

namespace WanSharp.Hosting.Downloads;

/// <summary>
/// Fetches a file over one connection or several, in as many attempts as it takes: what has come is kept, and only the rest is asked for.
/// What the bytes should be, the caller checks.
/// </summary>
internal sealed class FileDownload(DownloadOptions options, TimeProvider clock)
{
    private const int BufferLength = 1 << 17;

    private readonly RetryPolicy _retry = new(options, clock);

    /// <summary>Brings a file.</summary>
    /// <param name="source">What is fetched.</param>
    /// <param name="file">Where it goes; may hold parts of it already.</param>
    /// <param name="progress">
    /// Receives how many bytes have come since the last report, on any thread; a negative number when it starts over.
    /// </param>
    /// <param name="cancellationToken">Stops; what has come stays for the next attempt.</param>
    /// <exception cref="IOException">The source failed, sent something else, or the file cannot be written.</exception>
    public async Task FetchAsync(IDownloadSource source, string file, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        using var part = PartialFile.Open(file);
        if (source.Length is { } length && part.End > length)
        {
            progress?.Report(-part.Count);
            part.Clear(); // of another file
        }

        try
        {
            if (source.Length is not { } known || options.Connections == 1)
            {
                await FetchInOrderAsync(source, part, progress, cancellationToken).ConfigureAwait(false);
                return;
            }

            try
            {
                await FetchInPartsAsync(source, part, known, progress, cancellationToken).ConfigureAwait(false);
            }
            catch (WholeAnswerException)
            {
                progress?.Report(-part.Count);
                part.Clear();
                await FetchInOrderAsync(source, part, progress, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (IOException exception) when (RetryPolicy.IsPassing(exception))
        {
            throw new IOException(
                $"{exception.Message.TrimEnd('.', ' ')}. Run the command again to resume from {part.Count} bytes.",
                exception.InnerException ?? exception
            );
        }
    }

    /// <summary>Each part by itself, several at a time.</summary>
    private Task FetchInPartsAsync(
        IDownloadSource source,
        PartialFile part,
        long length,
        IProgress<long>? progress,
        CancellationToken cancellationToken
    )
    {
        var segments = part.Missing(length).SelectMany(gap => Segments(gap.From, gap.To));
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = options.Connections, CancellationToken = cancellationToken };
        return Parallel.ForEachAsync(
            segments,
            parallel,
            async (segment, stop) =>
                await PersistAsync(
                        segment.From,
                        async at =>
                            at >= segment.To
                                ? at
                                : await FetchOnceAsync(source, part, at, segment.To, mayRestart: false, progress, stop)
                                    .ConfigureAwait(false),
                        at => at >= segment.To,
                        stop
                    )
                    .ConfigureAwait(false)
        );
    }

    /// <summary>From the first gap on, over one connection; a server that knows no ranges sends all of it again.</summary>
    private async Task FetchInOrderAsync(
        IDownloadSource source,
        PartialFile part,
        IProgress<long>? progress,
        CancellationToken cancellationToken
    )
    {
        var gaps = source.Length is { } length ? part.Missing(length) : [(part.Missing(long.MaxValue)[0].From, -1L)];
        foreach (var gap in gaps)
        {
            var (from, to) = (gap.From, gap.To < 0 || gap.To == source.Length ? (long?)null : gap.To);
            var isDone = false;
            await PersistAsync(
                    from,
                    async at =>
                    {
                        at = await FetchOnceAsync(source, part, at, to, mayRestart: true, progress, cancellationToken)
                            .ConfigureAwait(false);
                        isDone = true;
                        return at;
                    },
                    _ => isDone,
                    cancellationToken
                )
                .ConfigureAwait(false);
        }
    }

    /// <summary>Goes on from where it was, until nothing more comes in several attempts.</summary>
    private async Task PersistAsync(long from, Func<long, Task<long>> fetch, Func<long, bool> isDone, CancellationToken cancellationToken)
    {
        var (at, failures) = (from, 0);
        while (true)
        {
            try
            {
                at = await fetch(at).ConfigureAwait(false);
                if (isDone(at))
                {
                    return;
                }
            }
            catch (BrokenOffException broken)
            {
                failures = broken.At == at ? failures : 0;
                at = broken.At;
                if (failures >= options.Retries)
                {
                    throw broken.Cause;
                }

                await _retry.WaitAsync(broken.Cause, failures++, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Sends one request and keeps what comes.</summary>
    /// <returns>The place after the last byte.</returns>
    /// <exception cref="BrokenOffException">It may be gone on with.</exception>
    private async Task<long> FetchOnceAsync(
        IDownloadSource source,
        PartialFile part,
        long from,
        long? to,
        bool mayRestart,
        IProgress<long>? progress,
        CancellationToken cancellationToken
    )
    {
        var gate = options.Gate;
        await (gate?.WaitAsync(cancellationToken) ?? Task.CompletedTask).ConfigureAwait(false);
        var writer = new PartWriter(part, from, options.NoteEvery, progress);
        try
        {
            using var response = await _retry
                .SendAsync(source.Name, stop => source.OpenAsync(from, to, stop), cancellationToken)
                .ConfigureAwait(false);
            if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable && source.Length is null)
            {
                return from; // it is there already, or is something else: the check tells
            }

            var total = Accept(source, response, writer, mayRestart);
            var end = to ?? total;
            await ReadAsync(source, response, writer, end, cancellationToken).ConfigureAwait(false);
            return writer.At;
        }
        catch (IOException exception) when (RetryPolicy.IsPassing(exception))
        {
            throw new BrokenOffException(writer.At, exception);
        }
        finally
        {
            writer.Note();
            gate?.Release();
        }
    }

    /// <summary>Checks that an answer has the bytes that were asked for.</summary>
    /// <returns>The file's length; null when the server does not say.</returns>
    private long? Accept(IDownloadSource source, HttpResponseMessage response, PartWriter writer, bool mayRestart)
    {
        if (!response.IsSuccessStatusCode)
        {
            throw new ServerAnswerException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{source.Name} could not be fetched: the server answered {(int)response.StatusCode} ({response.ReasonPhrase})."
                ),
                response.StatusCode,
                ServerAnswerException.RetryAfterOf(response, clock)
            );
        }

        var range = response.Content.Headers.ContentRange;
        var isPart = response.StatusCode == HttpStatusCode.PartialContent && range?.From == writer.At;
        var total = isPart ? range!.Length : response.Content.Headers.ContentLength;
        if (!isPart && !mayRestart)
        {
            throw new WholeAnswerException();
        }

        if (!isPart)
        {
            writer.Restart(); // the source sends all of it again
        }

        if (source.Length is { } length && total is not null && total != length)
        {
            throw new IOException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{source.Name} has {length} bytes, but the server sends a file of {total} bytes: it is a different file."
                )
            );
        }

        return source.Length ?? total;
    }

    private async Task ReadAsync(
        IDownloadSource source,
        HttpResponseMessage response,
        PartWriter writer,
        long? end,
        CancellationToken cancellationToken
    )
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(options.Patience);
        var buffer = new byte[BufferLength];
        var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            while (await ReadSomeAsync(source, stream, buffer, patience, cancellationToken).ConfigureAwait(false) is > 0 and var count)
            {
                if (writer.At + count > Math.Min(end ?? long.MaxValue, options.Longest))
                {
                    throw new IOException(
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"{source.Name} sends more than {Math.Min(end ?? long.MaxValue, options.Longest)} bytes."
                        )
                    );
                }

                await writer.WriteAsync(buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
                patience.CancelAfter(options.Patience);
            }
        }

        if (end is not null && writer.At < end)
        {
            throw new ConnectionLostException($"{source.Name} ended early.");
        }
    }

    private static async Task<int> ReadSomeAsync(
        IDownloadSource source,
        Stream stream,
        byte[] buffer,
        CancellationTokenSource patience,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await stream.ReadAsync(buffer, patience.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            throw new ConnectionLostException($"{source.Name} could not be fetched: {exception.Message}", exception);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ConnectionLostException($"{source.Name} could not be fetched: the server stopped sending.");
        }
    }

    private IEnumerable<(long From, long To)> Segments(long from, long to)
    {
        for (; from < to; from += options.SegmentLength)
        {
            yield return (from, Math.Min(to, from + options.SegmentLength));
        }
    }

    /// <summary>A server answers a range with the whole file.</summary>
    private sealed class WholeAnswerException() : IOException("The server does not support ranges.");

    /// <summary>A request that brought less than it should have, and may be gone on with.</summary>
    private sealed class BrokenOffException(long at, IOException cause) : Exception(cause.Message, cause)
    {
        public long At { get; } = at;

        public IOException Cause { get; } = cause;
    }
}
