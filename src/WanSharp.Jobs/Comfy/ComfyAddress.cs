using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.RegularExpressions;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Comfy;

/// <summary>
/// Where a ComfyUI server is, and how to sign in there. What signs in (a name and a password, a query, headers) goes with every question
/// and is never part of the address that is shown or stored. Immutable.
/// </summary>
public sealed partial class ComfyAddress
{
    private const string Authorization = "Authorization";
    private const int ShortestSecret = 4;
    private const string Field = "backend";
    private const string Hidden = "…";

    private readonly IReadOnlyList<string> _secrets;

    private ComfyAddress(Uri uri, string query, IReadOnlyDictionary<string, string> headers, IEnumerable<string> secrets)
    {
        (Uri, Query, Headers) = (uri, query, headers);
        _secrets = [.. secrets.Where(secret => secret.Length >= ShortestSecret).Distinct().OrderByDescending(secret => secret.Length)];
    }

    /// <summary>The address, with a slash at its end; without a name, a password or a query.</summary>
    public Uri Uri { get; }

    /// <summary>The address as it is shown and stored.</summary>
    public string Name => Uri.ToString().TrimEnd('/');

    /// <summary>What follows each question's own query; empty for nothing.</summary>
    internal string Query { get; }

    /// <summary>The headers of each question.</summary>
    internal IReadOnlyDictionary<string, string> Headers { get; }

    /// <summary>Reads an address such as <c>http://127.0.0.1:8188</c> or <c>https://name:password@host/comfy?token=…</c>.</summary>
    /// <exception cref="InvalidRequestException">It is not one; the message does not repeat what may be a password.</exception>
    public static ComfyAddress Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (
            !Uri.TryCreate(text, UriKind.Absolute, out var uri)
            || (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps)
            || uri.Host.Length == 0
        )
        {
            throw new InvalidRequestException(
                Field,
                $"'{Typed(text)}' is not the address of a ComfyUI server: write it as http://127.0.0.1:8188."
            );
        }

        var (headers, secrets) = (new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase), new List<string>());
        if (uri.UserInfo.Length > 0)
        {
            var pair = uri.UserInfo.Split(':', 2);
            var (name, password) = (Uri.UnescapeDataString(pair[0]), pair.Length > 1 ? Uri.UnescapeDataString(pair[1]) : "");
            var basic = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:{password}"));
            headers[Authorization] = $"Basic {basic}";
            secrets.AddRange([uri.UserInfo, password, basic, .. pair.Skip(1)]);
        }

        var query = uri.Query.TrimStart('?');
        secrets.AddRange([
            query,
            .. query
                .Split('&')
                .Select(part => part.Split('=', 2))
                .Where(part => part.Length > 1)
                .SelectMany(part => new[] { part[1], Uri.UnescapeDataString(part[1]) }),
        ]);
        var path = uri.AbsolutePath.TrimEnd('/') + "/";
        var shown = new UriBuilder(uri)
        {
            UserName = "",
            Password = "",
            Query = "",
            Fragment = "",
            Path = path,
        };
        return new ComfyAddress(shown.Uri, query, headers, secrets);
    }

    /// <summary>The address with more headers. What the address itself signs in with stays.</summary>
    /// <param name="headers">Headers as they are written on a command line: <c>Name: value</c>.</param>
    /// <exception cref="InvalidRequestException">One is not a header; the message does not repeat its value.</exception>
    public ComfyAddress WithHeaders(IEnumerable<string> headers)
    {
        ArgumentNullException.ThrowIfNull(headers);
        var all = new Dictionary<string, string>(Headers, StringComparer.OrdinalIgnoreCase);
        var secrets = _secrets.ToList();
        foreach (var header in headers)
        {
            var pair = header.Split(':', 2, StringSplitOptions.TrimEntries);
            if (pair.Length != 2 || !HeaderName().IsMatch(pair[0]) || pair[1].Length == 0 || pair[1].Any(char.IsControl))
            {
                var which = pair.Length > 1 && HeaderName().IsMatch(pair[0]) ? $"The header {pair[0]}" : "A header for the servers";
                throw new InvalidRequestException(Field, $"{which} is not written as \"Name: value\".");
            }

            if (all.TryAdd(pair[0], pair[1]))
            {
                secrets.AddRange([pair[1], pair[1].Split(' ')[^1]]);
            }
        }

        return new ComfyAddress(Uri, Query, all, secrets);
    }

    /// <summary>The address with a token, as <c>Authorization: Bearer …</c>.</summary>
    /// <exception cref="InvalidRequestException">It has characters that no token has.</exception>
    public ComfyAddress WithToken(string token) => WithHeaders([$"{Authorization}: Bearer {token}"]);

    /// <summary>A text without the names, passwords and queries of addresses in it, whoever wrote them.</summary>
    [return: NotNullIfNotNull(nameof(text))]
    public static string? WithoutSecrets(string? text) => text is null ? null : Queries().Replace(UserInfos().Replace(text, "://"), "$1");

    /// <summary>
    /// What was typed as an address and may not be one, for a message: nothing before its last @, whatever stands there, and of what has
    /// none the scheme, the host and the port alone.
    /// </summary>
    public static string Typed(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var (start, at) = (text.IndexOf("://", StringComparison.Ordinal), text.LastIndexOf('@'));
        return at >= 0
            ? $"{(start >= 0 && start < at ? text[..(start + 3)] : "")}{Hidden}@{Place(text[(at + 1)..])}"
            : string.Join(',', text.Split(',').Select(Place));

        static string Place(string one) => WholePlace().IsMatch(one) ? one : $"{StartOfPlace().Match(one).Value}{Hidden}";
    }

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <summary>A text from the server or about it, without what signs in there.</summary>
    internal string Redact(string text) =>
        _secrets.Aggregate(text, (clean, secret) => clean.Replace(secret, Hidden, StringComparison.Ordinal));

    /// <summary>A route with the query that signs in.</summary>
    internal string Route(string route) =>
        Query.Length == 0 ? route : $"{route}{(route.Contains('?', StringComparison.Ordinal) ? '&' : '?')}{Query}";

    [GeneratedRegex(@"^(?:\w+:)?(?:\w+://)?(?:\[[^\]]*\]|[^/?#:\[]*)(?::[0-9]+)?/?$")]
    private static partial Regex WholePlace();

    [GeneratedRegex(@"^(?:\w+:(?=\w+://))?(?:\w+://)?[^/?#:\[]*")]
    private static partial Regex StartOfPlace();

    [GeneratedRegex(@"://[^\s'"",]*@")]
    private static partial Regex UserInfos();

    [GeneratedRegex(@"(\w://[^\s?'""]*)\?[^\s'"",]*")]
    private static partial Regex Queries();

    [GeneratedRegex("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")]
    private static partial Regex HeaderName();
}
