using System.Net;

namespace WanSharp.Hosting.Downloads;

/// <summary>A server answered, but not with what was asked for.</summary>
internal sealed class ServerAnswerException : IOException
{
    public ServerAnswerException(string message, HttpStatusCode status, TimeSpan? retryAfter = null)
        : base(message) => (Status, RetryAfter) = (status, retryAfter);

    public HttpStatusCode Status { get; }

    /// <summary>How long the server asks to be left alone; null when it does not say.</summary>
    public TimeSpan? RetryAfter { get; }

    /// <summary>Whether the same request may succeed later.</summary>
    public bool IsPassing =>
        Status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests || (int)Status is >= 500 and not 501 and not 505;

    /// <summary>What an answer's header says of waiting.</summary>
    public static TimeSpan? RetryAfterOf(HttpResponseMessage response, TimeProvider clock) =>
        response.Headers.RetryAfter is not { } header ? null
        : header.Delta is { } delta ? delta
        : header.Date is { } date ? TimeSpan.FromTicks(Math.Max(0, (date - clock.GetUtcNow()).Ticks))
        : null;
}
