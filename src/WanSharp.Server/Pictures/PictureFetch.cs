using System.Net;
using System.Net.Sockets;
using WanSharp.Server.Http;

namespace WanSharp.Server.Pictures;

/// <summary>
/// Fetches pictures from hosts that the server's owner allows, and never from addresses of the server's own network: what a name stands
/// for is found out once, checked, and connected to, at every redirect again. Thread-safe.
/// </summary>
internal sealed class PictureFetch : IDisposable
{
    private const int MostRedirects = 3;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>The request's field, for the message of a connection that is refused.</summary>
    private static readonly HttpRequestOptionsKey<string> Field = new("field");

    private readonly IReadOnlyList<string> _hosts;
    private readonly Func<IPAddress, bool> _isAllowed;
    private readonly TimeProvider _clock;
    private readonly HttpClient _client;

    /// <param name="hosts">The hosts; <c>*</c> for all.</param>
    /// <param name="isAllowed">Whether an address may be connected to. Default: if it is public.</param>
    /// <param name="clock">Ends fetches that take too long. Default: the system's.</param>
    public PictureFetch(IReadOnlyList<string> hosts, Func<IPAddress, bool>? isAllowed = null, TimeProvider? clock = null)
    {
        (_hosts, _isAllowed, _clock) = (hosts, isAllowed ?? PublicAddresses.Contain, clock ?? TimeProvider.System);
        _client = new HttpClient(
            new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                UseProxy = false,
                UseCookies = false,
                AutomaticDecompression = DecompressionMethods.None,
                ConnectCallback = ConnectAsync,
            }
        )
        {
            Timeout = Timeout.InfiniteTimeSpan, // each fetch has its own
        };
    }

    public void Dispose() => _client.Dispose();

    /// <summary>Fetches a file.</summary>
    /// <param name="field">The request's field, for messages.</param>
    /// <param name="address">Where it is.</param>
    /// <param name="mostBytes">The most bytes that it may have.</param>
    /// <param name="cancellationToken">Cancels the fetching.</param>
    /// <exception cref="ApiException">It is not allowed, not there, or too large.</exception>
    public async Task<byte[]> GetAsync(string field, Uri address, int mostBytes, CancellationToken cancellationToken)
    {
        using var over = new CancellationTokenSource(Limit, _clock); // for all of it: headers, redirects and the body
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, over.Token);
        try
        {
            for (var redirects = 0; redirects <= MostRedirects; redirects++)
            {
                RequireAllowed(field, address);
                using var request = new HttpRequestMessage(HttpMethod.Get, address);
                request.Options.Set(Field, field);
                using var answer = await _client
                    .SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token)
                    .ConfigureAwait(false);
                if ((int)answer.StatusCode is >= 300 and < 400 && answer.Headers.Location is { } next)
                {
                    address = new Uri(address, next);
                    continue;
                }

                return answer.IsSuccessStatusCode
                    ? await ReadAsync(field, answer, mostBytes, limit.Token).ConfigureAwait(false)
                    : throw ApiException.Invalid(field, $"{address.Host} answers {(int)answer.StatusCode} for the {field}.");
            }

            throw ApiException.Invalid(field, $"The {field} is redirected more than {MostRedirects} times.");
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            throw exception.InnerException as ApiException
                ?? ApiException.Invalid(field, $"The {field} cannot be fetched from {address.Host}: {exception.Message}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw ApiException.Invalid(field, $"{address.Host} did not send the {field} within {Limit.TotalSeconds} seconds.");
        }
    }

    private static async Task<byte[]> ReadAsync(
        string field,
        HttpResponseMessage answer,
        int mostBytes,
        CancellationToken cancellationToken
    )
    {
        using var all = new MemoryStream();
        var body = await answer.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using var opened = body.ConfigureAwait(false);
        var buffer = new byte[81920];
        while (await body.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is var count and > 0)
        {
            await all.WriteAsync(buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
            if (all.Length > mostBytes)
            {
                throw new ApiException(413, "body_too_large", $"The {field} has more than {mostBytes >> 20} MB.", field);
            }
        }

        return all.ToArray();
    }

    private void RequireAllowed(string field, Uri address)
    {
        if (address.Scheme is not ("http" or "https") || address.UserInfo.Length > 0)
        {
            throw ApiException.Invalid(field, $"The {field} is not a plain http(s) address.");
        }

        if (!_hosts.Contains("*") && !_hosts.Contains(address.Host, StringComparer.OrdinalIgnoreCase))
        {
            throw ApiException.Invalid(
                field,
                $"This server does not fetch from {address.Host}: send the picture itself, or name that host in "
                    + "the server's option fetch-from."
            );
        }
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        var addresses = await Dns.GetHostAddressesAsync(host, cancellationToken).ConfigureAwait(false);
        var allowed = addresses.Where(_isAllowed).ToArray();
        if (allowed.Length == 0)
        {
            var field = context.InitialRequestMessage.Options.TryGetValue(Field, out var named) ? named : "picture";
            throw ApiException.Invalid(field, $"{host} has no public address, and others are not fetched from.");
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, port, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
