using System.Text.Json.Serialization;

namespace WanSharp.Server.Contract;

/// <summary>What is wrong.</summary>
/// <param name="Code">For programs: "invalid_value".</param>
/// <param name="Message">For people: what, where, the way out.</param>
/// <param name="Param">The field that is wrong; null where it is none.</param>
/// <param name="Type">The kind: "invalid_request_error".</param>
internal sealed record ErrorDetails(string Code, string Message, string? Param, string Type)
{
    /// <summary>The lines of a file that are wrong.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<LineProblem>? Problems { get; init; }
}
