using System.Globalization;
using System.Net;
using WanSharp.Hosting.Downloads;
using WanSharp.Models.Hub;

namespace WanSharp.Hosting.Hub;

/// <summary>Says what a hub's refusal means, and the way out. Source of the codes: huggingface_hub's <c>utils/_http.py</c>.</summary>
internal static class HubErrors
{
    private const int LongestMessage = 200;

    public static ServerAnswerException Of(
        HubReference reference,
        string? file,
        HttpResponseMessage response,
        string endpoint,
        bool hasToken,
        TimeSpan? retryAfter
    )
    {
        var (repository, code) = (reference.Repository, Header(response, "X-Error-Code"));
        var what = file is null ? repository : $"{file} of {repository}";
        var message = (code, response.StatusCode) switch
        {
            ("GatedRepo", _) => $"{repository} is gated: accept its conditions at {endpoint}/{repository} and "
                + $"{(hasToken ? "use" : "set HF_TOKEN to")} a token of that account.",
            ("RevisionNotFound", _) => $"{repository} has no revision '{reference.Revision}'.",
            ("EntryNotFound", _) => $"{repository} has no file '{file}' at {reference.Revision}.",
            (_, HttpStatusCode.Unauthorized) when hasToken && code is not "RepoNotFound" =>
                $"{endpoint} does not accept the token: renew it, or unset HF_TOKEN for public files.",
            ("RepoNotFound", _) or (_, HttpStatusCode.Unauthorized or HttpStatusCode.NotFound) =>
                $"{endpoint} has no repository {repository} that {(hasToken ? "this token" : "anybody")} may read. If it is private, "
                    + $"{(hasToken ? "use another token" : "set HF_TOKEN")}; if not, check its name.",
            (_, HttpStatusCode.Forbidden) => $"{endpoint} refuses {what}: {Said(response)} A token with more rights may help (HF_TOKEN).",
            (_, HttpStatusCode.TooManyRequests) =>
                $"{endpoint} accepts no more requests for now: {Said(response)}{(hasToken ? "" : " With HF_TOKEN it takes more.")}",
            _ => $"{what} could not be fetched: {Said(response)}",
        };
        return new ServerAnswerException(message, response.StatusCode, retryAfter);
    }

    private static string Said(HttpResponseMessage response)
    {
        var message = Header(response, "X-Error-Message") ?? response.ReasonPhrase ?? "";
        message = string.Concat(message.Take(LongestMessage).Select(c => char.IsControl(c) ? ' ' : c)).TrimEnd('.', ' ');
        return string.Create(CultureInfo.InvariantCulture, $"the server answers {(int)response.StatusCode} ({message}).");
    }

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;
}
