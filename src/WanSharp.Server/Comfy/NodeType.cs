using System.Text.Json.Nodes;

namespace WanSharp.Server.Comfy;

/// <summary>A class of nodes that graphs may have here.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Inputs">Its inputs, in order.</param>
/// <param name="Outputs">The types of its outputs.</param>
/// <param name="IsSaver">Whether it writes the clip.</param>
/// <param name="Source">How it is described.</param>
internal sealed record NodeType(
    string Name,
    IReadOnlyList<NodeInput> Inputs,
    IReadOnlyList<string> Outputs,
    bool IsSaver,
    JsonObject Source
)
{
    private const string Primitive = "Primitive";

    /// <summary>Whether it does nothing but hold a value for others.</summary>
    public bool IsPrimitive => Name.StartsWith(Primitive, StringComparison.Ordinal);

    public NodeInput? Find(string input) => Inputs.FirstOrDefault(one => one.Name == input);

    public static NodeType Read(string name, JsonObject source) =>
        new(
            name,
            [
                .. source["required"]!.AsObject().Select(one => NodeInput.Read(one.Key, one.Value!.AsArray(), isRequired: true)),
                .. source["optional"]!.AsObject().Select(one => NodeInput.Read(one.Key, one.Value!.AsArray(), isRequired: false)),
            ],
            [.. source["output"]!.AsArray().Select(output => output!.GetValue<string>())],
            source["output_node"]!.GetValue<bool>(),
            source
        );

    /// <summary>The class as <c>/object_info</c> shows it.</summary>
    /// <param name="list">The values of the lists that depend on the server.</param>
    public JsonObject Show(Func<string, IReadOnlyList<string>> list)
    {
        JsonObject Group(bool isRequired) =>
            new(
                Inputs
                    .Where(input => input.IsRequired == isRequired)
                    .Select(input => KeyValuePair.Create(input.Name, (JsonNode?)input.Show(input.List is null ? [] : list(input.List))))
            );
        JsonArray Order(bool isRequired) =>
            [.. Inputs.Where(input => input.IsRequired == isRequired).Select(input => JsonValue.Create(input.Name))];
        return new JsonObject
        {
            ["input"] = new JsonObject { ["required"] = Group(true), ["optional"] = Group(false) },
            ["input_order"] = new JsonObject { ["required"] = Order(true), ["optional"] = Order(false) },
            ["output"] = Source["output"]!.DeepClone(),
            ["output_is_list"] = new JsonArray([.. Outputs.Select(_ => JsonValue.Create(false))]),
            ["output_name"] = Source["output_name"]!.DeepClone(),
            ["name"] = Name,
            ["display_name"] = Source["display_name"]!.DeepClone(),
            ["description"] = "",
            ["python_module"] = "wansharp",
            ["category"] = Source["category"]!.DeepClone(),
            ["output_node"] = IsSaver,
        };
    }
}
