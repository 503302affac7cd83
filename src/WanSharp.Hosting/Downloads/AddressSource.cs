using System.Net.Http.Headers;

namespace WanSharp.Hosting.Downloads;

/// <summary>A file at an address.</summary>
/// <param name="http">Asks for it, and follows redirects.</param>
/// <param name="address">Where it is.</param>
internal sealed class AddressSource(HttpClient http, Uri address) : IDownloadSource
{
    public string Name => address.ToString();

    public long? Length => null;

    public async Task<HttpResponseMessage> OpenAsync(long from, long? to, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        if (from > 0 || to is not null)
        {
            request.Headers.Range = new RangeHeaderValue(from, to - 1);
        }

        return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
    }
}
