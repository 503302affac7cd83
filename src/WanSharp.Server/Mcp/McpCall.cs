using System.Text.Json;
using System.Text.Json.Nodes;
using WanSharp.Server.Http;
using WanSharp.Server.Security;
using WanSharp.Tensors;

namespace WanSharp.Server.Mcp;

/// <summary>A call of a tool.</summary>
/// <param name="Arguments">What it is called with.</param>
/// <param name="Caller">Who calls it.</param>
/// <param name="Report">Tells how far it is, in percent and words; null where nobody wants to know.</param>
internal sealed record McpCall(
    IDictionary<string, JsonElement> Arguments,
    Caller Caller,
    Func<int, string, CancellationToken, Task>? Report
)
{
    /// <summary>A text; null where it is left out.</summary>
    /// <exception cref="ApiException">It is something else.</exception>
    public string? Text(string name) =>
        !Arguments.TryGetValue(name, out var value) || value.ValueKind == JsonValueKind.Null ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString()
        : throw ApiException.Invalid(name, $"The {name} is a text.");

    /// <summary>A text that has to be there.</summary>
    /// <exception cref="ApiException">It is not.</exception>
    public string Require(string name) => Text(name) ?? throw ApiException.Invalid(name, $"The {name} is missing.");

    /// <summary>A whole number.</summary>
    /// <exception cref="ApiException">It is something else, or out of its range.</exception>
    public int Number(string name, int usual, int least, int most) =>
        !Arguments.TryGetValue(name, out var value) || value.ValueKind == JsonValueKind.Null ? usual
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= least && number <= most ? number
        : throw ApiException.Invalid(name, $"The {name} is a whole number from {least} to {most}.");

    /// <summary>Whether something is asked for.</summary>
    /// <exception cref="ApiException">It is neither true nor false.</exception>
    public bool Flag(string name) =>
        Arguments.TryGetValue(name, out var value)
        && value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False or JsonValueKind.Null => false,
            _ => throw ApiException.Invalid(name, $"The {name} is true or false."),
        };

    /// <summary>All but some of the arguments, as one object.</summary>
    public JsonElement Without(params string[] names) =>
        JsonSerializer.SerializeToElement(
            new JsonObject(
                Arguments
                    .Where(one => !names.Contains(one.Key))
                    .Select(one => KeyValuePair.Create(one.Key, JsonNode.Parse(one.Value.GetRawText())))
            )
        );

    /// <summary>Refuses arguments that the tool does not have.</summary>
    /// <exception cref="ApiException">There is one.</exception>
    public void RequireKnown(JsonObject schema)
    {
        List<string> known = [.. schema["properties"]!.AsObject().Select(one => one.Key)];
        if (Arguments.Keys.FirstOrDefault(name => !known.Contains(name)) is { } unknown)
        {
            throw ApiException.Invalid(unknown, $"There is no argument '{unknown}'.{NearestName.Hint(unknown, known)}");
        }
    }
}
