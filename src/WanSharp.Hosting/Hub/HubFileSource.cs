using System.Net;
using System.Net.Http.Headers;
using WanSharp.Hosting.Downloads;
using WanSharp.Models.Hub;

namespace WanSharp.Hosting.Hub;

/// <summary>
/// A file of a commit. The hub redirects to where large files are, at an address that expires: it is used as long as it answers, then the
/// hub is asked again. Thread-safe.
/// </summary>
internal sealed class HubFileSource(HubClient client, HubReference reference, HubFile file, Uri address) : IDownloadSource
{
    private volatile Uri? _direct;

    public string Name => $"{file.Path} of {reference.Repository}";

    public long? Length => file.Length;

    public async Task<HttpResponseMessage> OpenAsync(long from, long? to, CancellationToken cancellationToken)
    {
        var range = from > 0 || to is not null ? new RangeHeaderValue(from, to - 1) : null;
        if (_direct is { } direct)
        {
            var (answer, _) = await client.SendAsync(direct, range, look: null, cancellationToken).ConfigureAwait(false);
            if (answer.IsSuccessStatusCode || (int)answer.StatusCode is 408 or 429 or >= 500)
            {
                return answer;
            }

            answer.Dispose();
            _direct = null; // it has expired
        }

        var (response, by) = await client.SendAsync(address, range, Check, cancellationToken).ConfigureAwait(false);
        if (!client.IsHub(by) && response.StatusCode == HttpStatusCode.Forbidden)
        {
            response.Dispose(); // the address expired on the way, or a cache on the way had an old one
            (response, by) = await client.SendAsync(address, range, Check, cancellationToken).ConfigureAwait(false);
        }

        if (client.IsHub(by))
        {
            if (!response.IsSuccessStatusCode)
            {
                using (response)
                {
                    throw client.ErrorOf(reference, response, file.Path);
                }
            }
        }
        else if (response.IsSuccessStatusCode)
        {
            _direct = by;
        }

        return response;
    }

    /// <summary>The hub must speak of the content that it listed.</summary>
    private void Check(HttpResponseMessage response)
    {
        if (
            response.Headers.TryGetValues("X-Linked-Etag", out var values)
            && values.First().Trim('"') is var etag
            && HubETag.IsOne(etag)
            && etag != file.ETag
        )
        {
            throw new IOException($"{Name} is {file.ETag} in the hub's list, but it gives {etag}: it is not that file.");
        }
    }
}
