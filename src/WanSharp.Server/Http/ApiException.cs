using WanSharp.Server.Contract;

namespace WanSharp.Server.Http;

/// <summary>A request that is answered with an error. The message says what, where and the way out.</summary>
internal sealed class ApiException(int status, string code, string message, string? param = null, Exception? cause = null)
    : Exception(message, cause)
{
    public int Status { get; } = status;

    /// <summary>For programs.</summary>
    public string Code { get; } = code;

    /// <summary>The field that is wrong.</summary>
    public string? Param { get; } = param;

    /// <summary>The lines of a file that are wrong; null where it is none.</summary>
    public IReadOnlyList<LineProblem>? Problems { get; init; }

    /// <summary>When to try again; null where that would not help.</summary>
    public TimeSpan? RetryAfter { get; init; }

    public static ApiException Invalid(string param, string message) => new(400, "invalid_value", message, param);

    public static ApiException NotFound(string what) => new(404, "not_found", what);

    /// <summary>A request that brings the key of another one.</summary>
    public static ApiException KeyReused() =>
        new(409, "idempotency_key_reused", "This Idempotency-Key came with another request before: use a new key for a new request.");
}
