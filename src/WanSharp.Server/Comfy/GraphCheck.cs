using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace WanSharp.Server.Comfy;

/// <summary>Checks a graph's links and values, as ComfyUI does before it queues one (execution.py, <c>validate_inputs</c>).</summary>
/// <param name="graph">The graph.</param>
/// <param name="lists">The values of lists that depend on the server.</param>
internal sealed class GraphCheck(PromptGraph graph, ServedNames lists)
{
    /// <summary>What the editor adds for itself.</summary>
    private static readonly string[] OfEditor = ["control_after_generate"];

    private readonly List<GraphProblem> _problems = [];

    /// <summary>All that is wrong.</summary>
    public IReadOnlyList<GraphProblem> Run()
    {
        foreach (var node in graph.Used)
        {
            Check(node, node.Type!);
        }

        return _problems;
    }

    private void Check(GraphNode node, NodeType type)
    {
        foreach (var input in type.Inputs)
        {
            if (node.Inputs[input.Name] is not { } value)
            {
                if (input.IsRequired)
                {
                    Add(node, input, "required_input_missing", "Required input is missing", input.Name);
                }
            }
            else if (value is JsonArray)
            {
                CheckLink(node, input);
            }
            else if (input.TakesValue)
            {
                CheckValue(node, input, value);
            }
            else if (input.Type != "*")
            {
                Add(node, input, "bad_linked_input", "Bad linked input, must be a length-2 list of [node_id, slot_index]", input.Name);
            }
        }

        foreach (var (name, _) in node.Inputs.Where(one => type.Find(one.Key) is null && !OfEditor.Contains(one.Key)))
        {
            _problems.Add(GraphProblem.NotSupported(node.Id, $"{name} is not understood: leave it out.", name));
        }
    }

    private void CheckLink(GraphNode node, NodeInput input)
    {
        if (node.LinkOf(input.Name) is not var (id, slot) || graph.Find(id) is not { Type: { } type } target)
        {
            Add(node, input, "bad_linked_input", "Bad linked input, must be a length-2 list of [node_id, slot_index]", input.Name);
            return;
        }

        if (slot < 0 || slot >= type.Outputs.Count)
        {
            Add(node, input, "bad_linked_input", "Bad linked input", $"{input.Name}: {graph.NameOf(id)} has no output {slot}");
        }
        else if (!Fits(type.Outputs[slot], input.Type))
        {
            Add(
                node,
                input,
                "return_type_mismatch",
                "Return type mismatch between linked nodes",
                $"{input.Name}, received_type({type.Outputs[slot]}) mismatch input_type({input.Type})"
            );
        }
        else if (input.TakesValue)
        {
            if (graph.ValueOf(node, input.Name) is { } value and not JsonArray)
            {
                CheckValue(node, input, value);
            }
            else
            {
                _problems.Add(GraphProblem.NotSupported(node.Id, $"{input.Name} comes from {target.ClassType}.", input.Name));
            }
        }
    }

    private static bool Fits(string given, string asked) =>
        given == asked
        || (given == "INT" && asked == "FLOAT")
        || (given == "FLOAT" && asked == "INT")
        || (given == "STRING" && asked == NodeInput.Combo);

    private void CheckValue(GraphNode node, NodeInput input, JsonNode value)
    {
        switch (input.Type)
        {
            case "INT" or "FLOAT":
                CheckNumber(node, input, value);
                break;
            case "BOOLEAN" when value.GetValueKind() is JsonValueKind.True or JsonValueKind.False:
                if (input.Only is { } only && value.GetValue<bool>() != only)
                {
                    _problems.Add(
                        GraphProblem.NotSupported(node.Id, $"{input.Name} has to be {(only ? "true" : "false")} here.", input.Name)
                    );
                }

                break;
            case "STRING" when value.GetValueKind() == JsonValueKind.String:
                break;
            case NodeInput.Combo when value.GetValueKind() == JsonValueKind.String:
                var text = value.GetValue<string>();
                if (input.List is null ? !input.Choices.Contains(text) : !lists.Takes(input.List, text))
                {
                    var choices = input.List is null ? input.Choices : lists.Of(input.List);
                    Add(
                        node,
                        input,
                        "value_not_in_list",
                        "Value not in list",
                        $"{input.Name}: '{text}' not in [{string.Join(", ", choices.Take(20).Select(choice => $"'{choice}'"))}]"
                    );
                }

                break;
            default:
                Add(
                    node,
                    input,
                    "invalid_input_type",
                    $"Failed to convert an input value to a {input.Type} value",
                    $"{input.Name}, {Shortened(value.ToJsonString())}"
                );
                break;
        }
    }

    private void CheckNumber(GraphNode node, NodeInput input, JsonNode value)
    {
        var text = value.GetValueKind() is JsonValueKind.Number or JsonValueKind.String ? value.ToString() : "";
        if (
            !double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            || !double.IsFinite(number)
            || (input.Type == "INT" && Math.Floor(number) != number)
        )
        {
            Add(
                node,
                input,
                "invalid_input_type",
                $"Failed to convert an input value to a {input.Type} value",
                $"{input.Name}, {Shortened(value.ToJsonString())}"
            );
        }
        else if (number < input.Least)
        {
            Add(node, input, "value_smaller_than_min", Bound("smaller", "min", input.Least), input.Name);
        }
        else if (number > input.Most)
        {
            Add(node, input, "value_bigger_than_max", Bound("bigger", "max", input.Most), input.Name);
        }

        string Bound(string word, string name, double? bound) =>
            string.Create(CultureInfo.InvariantCulture, $"Value {number} {word} than {name} of {bound}");
    }

    private void Add(GraphNode node, NodeInput input, string type, string message, string details) =>
        _problems.Add(new GraphProblem(node.Id, type, message, details, input.Name));

    private static string Shortened(string text) => text.Length <= 80 ? text : text[..80] + "…";
}
