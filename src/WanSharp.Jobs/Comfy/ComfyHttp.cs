using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace WanSharp.Jobs.Comfy;

/// <summary>
/// Questions to one server over HTTP, each signed in, and what its answers mean: for one job, or for the server. Thread-safe.
/// </summary>
internal sealed class ComfyHttp : IDisposable
{
    private const long MaximumAnswerBytes = 64 << 20;
    private const int MostTries = 4;
    private const int LongestReason = 500;
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    private readonly HttpClient _http;
    private readonly ComfyAddress _address;
    private readonly ComfyBackendOptions _options;
    private volatile bool _hasAnswered;

    public ComfyHttp(ComfyAddress address, ComfyBackendOptions options)
    {
        (_address, _options) = (address, options);
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = ConnectTimeout,
            AllowAutoRedirect = false,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        };
        _http = new HttpClient(handler)
        {
            BaseAddress = address.Uri,
            MaxResponseContentBufferSize = MaximumAnswerBytes,
            Timeout = Timeout.InfiniteTimeSpan,
        };
        foreach (var (name, value) in address.Headers)
        {
            _http.DefaultRequestHeaders.TryAddWithoutValidation(name, value);
        }
    }

    /// <summary>Whether the server has answered as ComfyUI does: trouble that comes later is more than a wrong address.</summary>
    public bool HasAnswered => _hasAnswered;

    /// <summary>The server, for messages, and what stands before it.</summary>
    private string Server => $"{_address}{Proxy(HttpClient.DefaultProxy, _address.Uri)}";

    /// <summary>The proxy that a server is asked through, for a message: what fails may be the proxy alone.</summary>
    internal static string Proxy(IWebProxy proxy, Uri server) =>
        !proxy.IsBypassed(server) && proxy.GetProxy(server) is { } through && through != server
            ? $", through the proxy {through.Authority} that the environment names ({server.Scheme}_proxy; "
                + $"no_proxy={server.Host} leaves it out),"
            : "";

    /// <summary>Asks for what the server knows of itself and its queue.</summary>
    /// <exception cref="ServerLostException">It does not answer, or not as ComfyUI does.</exception>
    public async Task<JsonObject> GetAsync(string route, CancellationToken cancellationToken)
    {
        var (status, answer, location) = await SendAsync(HttpMethod.Get, route, () => null, cancellationToken).ConfigureAwait(false);
        Require(status, $"GET /{route.Split('?')[0]}", location);
        return answer;
    }

    /// <summary>Notes that an answer was one of ComfyUI's.</summary>
    public void NoteAnswer() => _hasAnswered = true;

    /// <summary>Tells the server to do something that has nothing to do with what a job asks for.</summary>
    /// <returns>False when it does not know the route, as an older one.</returns>
    /// <exception cref="ServerLostException">It does not answer, or not as ComfyUI does.</exception>
    public async Task<bool> PostAsync(string route, JsonObject body, CancellationToken cancellationToken)
    {
        HttpContent Content() => JsonContent.Create(body);
        var (status, _, location) = await SendAsync(HttpMethod.Post, route, Content, cancellationToken).ConfigureAwait(false);
        if (status is HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed)
        {
            return false; // the second is what the route of the web page's files answers
        }

        Require(status, $"POST /{route}", location);
        return true;
    }

    /// <summary>Posts what a job asks for.</summary>
    /// <returns>The answer, and whether the server takes the job.</returns>
    /// <exception cref="JobRefusedException">The server answers to this job alone with a failure.</exception>
    /// <exception cref="ServerLostException">It does not answer, or not as ComfyUI does.</exception>
    public async Task<(bool IsTaken, JsonObject Answer)> PostForJobAsync(
        string route,
        Func<HttpContent> content,
        CancellationToken cancellationToken
    )
    {
        for (var tries = 1; ; tries++)
        {
            var (status, answer, location) = await SendAsync(HttpMethod.Post, route, content, cancellationToken).ConfigureAwait(false);
            switch (status)
            {
                case >= HttpStatusCode.OK and < HttpStatusCode.MultipleChoices:
                    return (true, answer);
                case HttpStatusCode.BadRequest:
                    return (false, answer);
                case HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.UnsupportedMediaType:
                case HttpStatusCode.UnprocessableEntity or HttpStatusCode.RequestUriTooLong:
                    var reason = status == HttpStatusCode.RequestEntityTooLarge ? ": the request is larger than it accepts" : "";
                    throw new JobRefusedException($"{_address} answers {Status(status)} to POST /{route}{reason}.");
                case HttpStatusCode.InternalServerError: // its own handler failed: over this job, if it answers others
                    await GetAsync("prompt", cancellationToken).ConfigureAwait(false);
                    if (tries == MostTries)
                    {
                        throw new JobRefusedException(
                            $"{_address} answers {Status(status)} to POST /{route}, {MostTries} times, and "
                                + "answers other requests: check its log."
                        );
                    }

                    await Task.Delay(_options.PollInterval * (1 << (tries - 1)), _options.Clock, cancellationToken).ConfigureAwait(false);
                    break;
                default:
                    Require(status, $"POST /{route}", location);
                    break;
            }
        }
    }

    /// <summary>Reads a file of the server's.</summary>
    /// <param name="route">Where.</param>
    /// <param name="what">What it is, for messages.</param>
    /// <param name="read">Takes the answer; says at each sign of life that there was one.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="ClipGoneException">The server does not have the file, or does not give it.</exception>
    /// <exception cref="ServerLostException">It does not answer, or not as ComfyUI does.</exception>
    public Task DownloadAsync(
        string route,
        string what,
        Func<HttpResponseMessage, Action, CancellationToken, Task> read,
        CancellationToken cancellationToken
    ) =>
        AskAsync(
            async (token, alive) =>
            {
                const HttpCompletionOption AtOnce = HttpCompletionOption.ResponseHeadersRead;
                using var response = await _http.GetAsync(_address.Route(route), AtOnce, token).ConfigureAwait(false);
                var status = response.StatusCode;
                var isGone = status is HttpStatusCode.NotFound or HttpStatusCode.Gone;
                if (isGone || status is HttpStatusCode.BadRequest or HttpStatusCode.Forbidden or HttpStatusCode.InternalServerError)
                {
                    throw new ClipGoneException(
                        $"{_address} does not give {what}: it answers "
                            + $"{Status(status)}{(isGone ? ", so it was moved or deleted there" : "")}."
                    );
                }

                Require(status, $"GET /view of {what}", response.Headers.Location);
                await read(response, alive, token).ConfigureAwait(false);
                return 0;
            },
            cancellationToken
        );

    public void Dispose() => _http.Dispose();

    private Task<(HttpStatusCode Status, JsonObject Answer, Uri? Location)> SendAsync(
        HttpMethod method,
        string route,
        Func<HttpContent?> content,
        CancellationToken cancellationToken
    ) =>
        AskAsync(
            async (token, _) =>
            {
                using var request = new HttpRequestMessage(method, _address.Route(route)) { Content = content() };
                using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseContentRead, token).ConfigureAwait(false);
                var text = await response.Content.ReadAsStringAsync(token).ConfigureAwait(false);
                var answer = response.IsSuccessStatusCode ? JsonParts.Parse(text) : ParseError(text);
                return (response.StatusCode, answer, response.Headers.Location);
            },
            cancellationToken
        );

    /// <summary>
    /// Asks with a time limit, which begins again at each sign of life, and tells trouble of the server from everything else.
    /// </summary>
    private async Task<T> AskAsync<T>(Func<CancellationToken, Action, Task<T>> ask, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(_options.RequestTimeout, _options.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            return await ask(either.Token, () => limit.CancelAfter(_options.RequestTimeout)).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ServerLostException(
                $"{_address} does not answer within {_options.RequestTimeout.TotalSeconds:0.#} s.",
                isWorthWaiting: true,
                e
            );
        }
        catch (JsonException e)
        {
            throw new ServerLostException(
                $"{_address} does not answer like ComfyUI, but with something that is not JSON: check the address.",
                _hasAnswered,
                e
            );
        }
        catch (Exception e) when (e is HttpRequestException or HttpIOException)
        {
            var (reason, isWorthWaiting) = Unreachable(e);
            throw new ServerLostException($"{Server} cannot be reached: {Clean(reason).TrimEnd('.')}.", isWorthWaiting || _hasAnswered, e);
        }
    }

    /// <summary>Why a server cannot be reached, by the innermost cause: the outer ones only say that there is one.</summary>
    private (string Reason, bool IsWorthWaiting) Unreachable(Exception exception)
    {
        var cause = exception;
        var isTls = false;
        while (cause.InnerException is { } inner)
        {
            cause = inner;
            isTls |= cause is AuthenticationException;
        }

        isTls |=
            cause is AuthenticationException
            || exception is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError };
        if (isTls)
        {
            var isCertificate = cause.Message.Contains("certificate", StringComparison.OrdinalIgnoreCase);
            var advice = isCertificate ? "" : $"; if it speaks http, write http://{_address.Uri.Authority}";
            return ($"no secure connection: {cause.Message.TrimEnd('.')}{advice}", false);
        }

        var isUnknown = cause is SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData };
        return (
            exception is HttpIOException or HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse }
            && _address.Uri.Scheme == Uri.UriSchemeHttp
            && !_hasAnswered
                ? $"{cause.Message.TrimEnd('.')}; if it speaks https, write https://{_address.Uri.Authority}"
                : cause.Message,
            !isUnknown
        );
    }

    /// <summary>
    /// Refuses an answer that is not what was asked for: all of these are trouble of the server, or of what stands before it.
    /// </summary>
    private void Require(HttpStatusCode status, string what, Uri? location)
    {
        switch ((int)status)
        {
            case >= 200 and < 300:
                return;
            case 407:
                throw new ServerLostException(
                    $"{Server} answers {Status(status)} to {what}: a proxy requires a sign-in.",
                    isWorthWaiting: false
                );
            case 401 or 403:
                throw new ServerLostException(
                    $"{Server} answers {Status(status)} to {what}: it requires a sign-in, or a different one. Put "
                        + "a name and password in the address, or use --server-token or --server-header.",
                    isWorthWaiting: false
                );
            case >= 300 and < 400:
                var place = location is null ? "elsewhere" : $"to {ShownLocation(location)}";
                throw new ServerLostException(
                    $"{Server} answers {Status(status)} to {what} and redirects {place}: use that address, or sign in.",
                    _hasAnswered
                );
            case 408 or 425 or 429 or >= 500:
                throw new ServerLostException($"{Server} answers {Status(status)} to {what}.", isWorthWaiting: true);
            default:
                throw new ServerLostException(
                    $"{Server} answers {Status(status)} to {what}: check that it is the address of a ComfyUI server.",
                    _hasAnswered
                );
        }
    }

    private string ShownLocation(Uri location)
    {
        var whole = location.IsAbsoluteUri ? location : new Uri(_address.Uri, location);
        return Clean(whole.GetComponents(UriComponents.Scheme | UriComponents.HostAndPort | UriComponents.Path, UriFormat.UriEscaped));
    }

    /// <summary>A text of the server's, for a message: of bounded length, and without what signs in there.</summary>
    public string Clean(string text) => _address.Redact(text.Length <= LongestReason ? text : text[..LongestReason] + "…");

    private static string Status(HttpStatusCode status) =>
        Enum.IsDefined(status)
            ? string.Create(CultureInfo.InvariantCulture, $"{(int)status} ({status})")
            : ((int)status).ToString(CultureInfo.InvariantCulture);

    private static JsonObject ParseError(string text)
    {
        try
        {
            return JsonParts.Parse(text);
        }
        catch (JsonException)
        {
            return []; // a page for people
        }
    }
}
