using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using WanSharp.Jobs;
using WanSharp.Jobs.Storage;
using WanSharp.Media;
using WanSharp.Models;
using WanSharp.Runtime;
using WanSharp.Server.Contract;
using WanSharp.Tensors;

namespace WanSharp.Server.Http;

/// <summary>Turns whatever goes wrong in a request into an answer that says so. No answer shows where in the code it was.</summary>
/// <param name="notice">Receives a line for each error that is the server's own.</param>
internal sealed class ErrorAnswers(Action<string>? notice)
{
    private static readonly string[] OfContent =
    [
        "Content-Type",
        "Content-Length",
        "Content-Range",
        "Content-Disposition",
        "Content-Encoding",
        "Accept-Ranges",
        "ETag",
        "Last-Modified",
        "Cache-Control",
        "Idempotent-Replayed",
    ];

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context).ConfigureAwait(false);
            if (context.Response is { StatusCode: 404 or 405, HasStarted: false, ContentLength: null, ContentType: null })
            {
                await SendAsync(context, OfRoute(context)).ConfigureAwait(false);
            }
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // nobody is there to be answered
        }
        catch (Exception exception)
        {
            var error = Of(exception);
            if (error.Status == StatusCodes.Status500InternalServerError || error.InnerException is not null)
            {
                var kind = error.Status == StatusCodes.Status500InternalServerError ? "internal error" : error.Code;
                notice?.Invoke($"{context.Request.Method} {context.Request.Path}: {kind}: {exception.InnerException ?? exception}");
            }

            if (context.Response.HasStarted)
            {
                context.Abort(); // a cut answer must not look whole
                return;
            }

            ClearContent(context.Response);
            await SendAsync(context, error).ConfigureAwait(false);
        }
    }

    /// <summary>Takes back what was said of the content that is not sent; what is said of the server stays.</summary>
    private static void ClearContent(HttpResponse response)
    {
        foreach (var name in OfContent)
        {
            response.Headers.Remove(name);
        }
    }

    private static ApiException OfRoute(HttpContext context) =>
        context.Response.StatusCode == StatusCodes.Status405MethodNotAllowed
            ? new ApiException(
                StatusCodes.Status405MethodNotAllowed,
                "method_not_allowed",
                $"{context.Request.Path} does not take {context.Request.Method}: it takes {context.Response.Headers.Allow}."
            )
            : ApiException.NotFound($"There is no {context.Request.Path} here: /openapi.json lists what there is.");

    /// <summary>What an exception means to whoever asked.</summary>
    public static ApiException Of(Exception exception) =>
        exception switch
        {
            ApiException error => error,
            InvalidRequestException error => ApiException.Invalid(ClientText.FieldOf(error.Field), ClientText.Of(error.Message)),
            BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } error => new ApiException(
                StatusCodes.Status413PayloadTooLarge,
                "body_too_large",
                error.Message
            ),
            BadHttpRequestException error => new ApiException(error.StatusCode, "invalid_request", error.Message),
            JsonException error => new ApiException(400, "invalid_json", $"The body is not the JSON that is expected: {error.Message}"),
            // a text that is not Unicode, or a value of another kind than is expected
            InvalidOperationException { Source: { } source } when source.StartsWith("System.Text.Json", StringComparison.Ordinal) =>
                new ApiException(
                    400,
                    "invalid_json",
                    "The body is not the JSON that is expected: a value is of another kind, or a text is not Unicode."
                ),
            FileNotFoundException or DirectoryNotFoundException => ApiException.NotFound("The file is gone: it was deleted meanwhile."),
            // what is wrong with a request's own files was said where they were read: these are the server's
            InvalidDataException or MediaException => new ApiException(
                503,
                "unavailable",
                "A file of the server is damaged, or cannot be read here: its log says which.",
                cause: exception
            ),
            JobStoreException or BackendUnavailableException or CheckpointException or OrtException or OrtLibraryException => Unavailable(
                exception.Message
            ),
            ModelChangedException => Unavailable(exception.Message),
            _ => new ApiException(500, "internal_error", "The server failed at this request. Its log says why."),
        };

    private static ApiException Unavailable(string message) =>
        new(StatusCodes.Status503ServiceUnavailable, "unavailable", ClientText.Of(message)) { RetryAfter = TimeSpan.FromSeconds(10) };

    private static Task SendAsync(HttpContext context, ApiException error)
    {
        SetRetryAfter(context.Response, error);
        return context.SendAsync(
            new ErrorBody(new ErrorDetails(error.Code, error.Message, error.Param, TypeOf(error.Status)) { Problems = error.Problems }),
            ServerJson.Readable.ErrorBody,
            error.Status
        );
    }

    /// <summary>Says when to ask again, where that helps.</summary>
    public static void SetRetryAfter(HttpResponse response, ApiException error)
    {
        if (error.RetryAfter is { } wait)
        {
            response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        }
    }

    private static string TypeOf(int status) =>
        status switch
        {
            StatusCodes.Status401Unauthorized => "authentication_error",
            StatusCodes.Status403Forbidden => "permission_error",
            StatusCodes.Status404NotFound => "not_found_error",
            StatusCodes.Status409Conflict => "conflict_error",
            StatusCodes.Status429TooManyRequests => "rate_limit_error",
            >= 500 => "server_error",
            _ => "invalid_request_error",
        };
}
