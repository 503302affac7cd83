using System.Net.Http.Headers;
using System.Text.Json;
using WanSharp.Hosting.Downloads;
using WanSharp.Models.Hub;
using WanSharp.Tensors;

namespace WanSharp.Hosting.Hub;

/// <summary>
/// Speaks the protocol of Hugging Face's hub: <c>/api/models/…/revision/…</c>, <c>/api/models/…/tree/…</c> and
/// <c>/…/resolve/…</c>. The token goes to the hub itself, never to a host that it redirects to.
/// Source: huggingface_hub's <c>hf_api.py</c> and <c>file_download.py</c>.
/// </summary>
internal sealed class HubClient : IDisposable
{
    private const int MostRedirects = 10;
    private const int MostPages = 1000;
    private const int MostFiles = 100_000;
    private const int LargestAnswer = 64 << 20;
    private const int LongestToken = 4096;

    private static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(15);

    private readonly HubOptions _options;
    private readonly TimeProvider _clock;
    private readonly RetryPolicy _retry;
    private readonly Uri _endpoint;
    private readonly string? _token;
    private readonly HttpClient _http;

    /// <exception cref="IOException">The hub may not be asked, or its address or the token cannot be used.</exception>
    public HubClient(HubOptions options, DownloadOptions download, TimeProvider clock)
    {
        (_options, _clock, _retry) = (options, clock, new RetryPolicy(download, clock));
        if (options.IsOffline)
        {
            throw new IOException("HF_HUB_OFFLINE is set, and this needs the hub: unset it, or fetch the files with another program.");
        }

        _endpoint =
            Uri.TryCreate(options.Endpoint + "/", UriKind.Absolute, out var address)
            && (address.Scheme == Uri.UriSchemeHttps || address.Scheme == Uri.UriSchemeHttp)
                ? address
                : throw new IOException($"HF_ENDPOINT '{options.Endpoint}' is not an address: write one such as https://hub.example.");
        _token = ReadToken(options);
        if (_token is not null && _endpoint.Scheme == Uri.UriSchemeHttp && !_endpoint.IsLoopback)
        {
            throw new IOException($"A token is not sent to {_endpoint} unencrypted: use https, or unset HF_TOKEN.");
        }

#pragma warning disable CA2000 // the client owns it
        _http = new HttpClient(
            new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                ConnectTimeout = ConnectPatience,
                UseCookies = false,
            }
        )
#pragma warning restore CA2000
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        var version = typeof(HubClient).Assembly.GetName().Version!.ToString(3);
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("WanSharp", version));
    }

    /// <summary>Whether requests to the hub carry a token.</summary>
    public bool HasToken => _token is not null;

    /// <summary>Says which commit a revision is now.</summary>
    /// <exception cref="IOException">The hub does not say; the message has the way out.</exception>
    public async Task<string> ResolveAsync(HubReference reference, CancellationToken cancellationToken)
    {
        var address = new Uri(_endpoint, $"api/models/{reference.Repository}/revision/{Uri.EscapeDataString(reference.Revision)}");
        var (answer, _) = await GetAsync(reference, address, cancellationToken).ConfigureAwait(false);
        return
            answer.ValueKind == JsonValueKind.Object
            && answer.TryGetProperty("sha", out var sha)
            && sha.ValueKind == JsonValueKind.String
            && HubReference.IsCommitId(sha.GetString()!)
            ? sha.GetString()!
            : throw NotAHub(address, "it names no commit");
    }

    /// <summary>Lists the files of a commit.</summary>
    /// <exception cref="IOException">The hub does not say; the message has the way out.</exception>
    public async Task<IReadOnlyList<HubFile>> ListAsync(HubReference reference, string commit, CancellationToken cancellationToken)
    {
        var files = new List<HubFile>();
        var address = new Uri(_endpoint, $"api/models/{reference.Repository}/tree/{commit}?recursive=true&expand=false");
        for (var page = 0; address is not null; page++)
        {
            if (page == MostPages || files.Count > MostFiles)
            {
                throw NotAHub(address, $"{reference.Repository} would have more than {MostFiles} files");
            }

            var (answer, next) = await GetAsync(reference, address, cancellationToken).ConfigureAwait(false);
            files.AddRange(HubAnswer.Files(answer) ?? throw NotAHub(address, "it lists no files"));
            address = next is null ? null : new Uri(address, next);
        }

        return files;
    }

    /// <summary>A file of a commit, to be fetched.</summary>
    public IDownloadSource Open(HubReference reference, string commit, HubFile file)
    {
        var path = string.Join('/', file.Path.Split('/').Select(Uri.EscapeDataString));
        return new HubFileSource(this, reference, file, new Uri(_endpoint, $"{reference.Repository}/resolve/{commit}/{path}"));
    }

    /// <summary>Sends a request, and follows redirects.</summary>
    /// <param name="address">Where to.</param>
    /// <param name="range">The bytes that are asked for; null for all.</param>
    /// <param name="look">Sees each answer of the hub itself.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The answer, and who gave it.</returns>
    public async Task<(HttpResponseMessage Response, Uri Address)> SendAsync(
        Uri address,
        RangeHeaderValue? range,
        Action<HttpResponseMessage>? look,
        CancellationToken cancellationToken
    )
    {
        for (var hops = 0; hops < MostRedirects; hops++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address);
            request.Headers.Range = range;
            request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity")); // lengths are those of the files
            if (_token is not null && IsHub(address))
            {
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _token);
            }

            var response = await _http
                .SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken)
                .ConfigureAwait(false);
            if (IsHub(address))
            {
                look?.Invoke(response);
            }

            if (response.Headers.Location is not { } location || (int)response.StatusCode is not (301 or 302 or 303 or 307 or 308))
            {
                return (response, address);
            }

            response.Dispose();
            var next = new Uri(address, location);
            address =
                next.Scheme == Uri.UriSchemeHttps || (next.Scheme == Uri.UriSchemeHttp && address.Scheme == Uri.UriSchemeHttp)
                    ? next
                    : throw new IOException(
                        $"{address} redirects to {next.Scheme}://{next.Host}, which is not encrypted: it is not followed."
                    );
        }

        throw new IOException($"{address} redirects more than {MostRedirects} times.");
    }

    /// <summary>Whether an address is the hub's own.</summary>
    public bool IsHub(Uri address) =>
        address.Scheme == _endpoint.Scheme
        && address.Port == _endpoint.Port
        && address.Host.Equals(_endpoint.Host, StringComparison.OrdinalIgnoreCase);

    /// <summary>What a failed answer means.</summary>
    public ServerAnswerException ErrorOf(HubReference reference, HttpResponseMessage response, string? file = null) =>
        HubErrors.Of(reference, file, response, _options.Endpoint, HasToken, ServerAnswerException.RetryAfterOf(response, _clock));

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static string? ReadToken(HubOptions options)
    {
        try
        {
            var file =
                options.TokenFile is { } path && File.Exists(path) && Tensors.FileFacts.Of(path).Length <= LongestToken ? path : null;
            var token = (options.Token ?? (file is null ? "" : PlainFile.ReadAllText(file))).Trim();
            return token.Length == 0 ? null
                : token.All(c => c is > ' ' and < (char)127) ? token
                : throw new IOException(
                    $"{(options.Token is null ? file : "HF_TOKEN")} is not a token: it contains spaces or other characters."
                );
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new IOException($"The token cannot be read: {exception.Message} Set HF_TOKEN.", exception);
        }
    }

    private static IOException NotAHub(Uri address, string why) =>
        new($"{address} does not answer like a model hub: {why}. Is HF_ENDPOINT right?");

    private Task<(JsonElement Answer, string? Next)> GetAsync(HubReference reference, Uri address, CancellationToken cancellationToken) =>
        _retry.RunAsync(stop => GetOnceAsync(reference, address, stop), cancellationToken);

    private async Task<(JsonElement Answer, string? Next)> GetOnceAsync(
        HubReference reference,
        Uri address,
        CancellationToken cancellationToken
    )
    {
        var by = address;
        using var response = await _retry
            .SendAsync(
                address.ToString(),
                async stop =>
                {
                    (var answer, by) = await SendAsync(address, range: null, look: null, stop).ConfigureAwait(false);
                    return answer;
                },
                cancellationToken
            )
            .ConfigureAwait(false);
        if (!IsHub(by))
        {
            throw NotAHub(address, $"it redirects to {by.Host}");
        }

        if (!response.IsSuccessStatusCode)
        {
            throw ErrorOf(reference, response);
        }

        try
        {
            await response.Content.LoadIntoBufferAsync(LargestAnswer, cancellationToken).ConfigureAwait(false);
            var bytes = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
            return (JsonElement.Parse(bytes), HubAnswer.NextPage(response));
        }
        catch (JsonException)
        {
            throw NotAHub(address, "its answer is not JSON");
        }
        catch (HttpRequestException exception)
        {
            throw new ConnectionLostException($"{address} could not be fetched: {exception.Message}", exception);
        }
    }
}
