using System.Text.Json;
using System.Text.Json.Nodes;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Comfy;

/// <summary>Which inputs of a workflow take what a job asks for, and which node gives the clip. Immutable.</summary>
public sealed record ComfyMapping
{
    private const string Field = "mapping";
    private const string OutputName = "output";
    private const long MaximumBytes = 1 << 20;

    /// <summary>The inputs of each role; a value goes into all of its role's.</summary>
    public required IReadOnlyDictionary<ComfyRole, IReadOnlyList<ComfyInput>> Inputs { get; init; }

    /// <summary>The node whose files are the clip; null for whichever gives one.</summary>
    public string? Output { get; init; }

    /// <summary>An empty mapping.</summary>
    public static ComfyMapping None { get; } = new() { Inputs = new Dictionary<ComfyRole, IReadOnlyList<ComfyInput>>() };

    /// <summary>What the links between a workflow's nodes say: right for the usual workflows of Wan.</summary>
    public static ComfyMapping Guess(ComfyWorkflow workflow)
    {
        ArgumentNullException.ThrowIfNull(workflow);
        return workflow.GuessFor(output: null).ToMapping();
    }

    /// <summary>What the links say, with what a file says instead, if there is one.</summary>
    /// <param name="path">The file, as for <see cref="With(string, ComfyWorkflow)"/>; null for none.</param>
    /// <param name="workflow">The workflow.</param>
    /// <exception cref="InvalidRequestException">The file cannot be read, or names what is not in the workflow.</exception>
    public static ComfyMapping Read(string? path, ComfyWorkflow workflow)
    {
        if (path is null)
        {
            return Guess(workflow);
        }

        var said = None.With(path, workflow);
        var output = said.Output;
        return workflow.GuessFor(output).ToMapping().With(path, workflow);
    }

    /// <summary>
    /// Reads a file such as <c>{"prompt": "6.text", "seed": ["3.noise_seed", "4.noise_seed"], "output": "28"}</c>. What it
    /// does not name stays as this mapping has it; null takes it away.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="workflow">The workflow that it is for.</param>
    /// <exception cref="InvalidRequestException">It cannot be read, or names what is not in the workflow.</exception>
    public ComfyMapping With(string path, ComfyWorkflow workflow) => With(ComfyFile.Read(path, Field, MaximumBytes), path, workflow);

    /// <summary>Reads the text of such a file, such as that of <see cref="ToJson"/>.</summary>
    /// <param name="json">The text.</param>
    /// <param name="source">Where it is from, for messages.</param>
    /// <param name="workflow">The workflow that it is for.</param>
    /// <exception cref="InvalidRequestException">It is not a mapping, or names what is not in the workflow.</exception>
    public ComfyMapping With(string json, string source, ComfyWorkflow workflow)
    {
        ArgumentNullException.ThrowIfNull(workflow);
        var inputs = Inputs.ToDictionary();
        var output = Output;
        foreach (var (name, value) in ComfyFile.Parse(json, source, Field))
        {
            if (name == OutputName)
            {
                output = value is null ? null : ReadNode(value, source, workflow);
            }
            else
            {
                inputs[ReadRole(name, source)] = ReadInputs(name, value, source, workflow);
            }
        }

        return new ComfyMapping { Inputs = inputs, Output = output };
    }

    /// <summary>The mapping as such a file, to be shown and edited.</summary>
    public string ToJson()
    {
        var json = new JsonObject();
        foreach (var role in Enum.GetValues<ComfyRole>())
        {
            var inputs = Of(role);
            if (inputs.Count > 0)
            {
                json[NameOf(role)] =
                    inputs.Count == 1
                        ? JsonValue.Create(inputs[0].ToString())
                        : new JsonArray([.. inputs.Select(input => JsonValue.Create(input.ToString()))]);
            }
        }

        if (Output is not null)
        {
            json[OutputName] = Output;
        }

        return json.ToJsonString();
    }

    /// <summary>One line for each role: what it fills, in which nodes.</summary>
    public IEnumerable<string> Describe(ComfyWorkflow workflow)
    {
        ArgumentNullException.ThrowIfNull(workflow);
        foreach (var role in Enum.GetValues<ComfyRole>().Where(role => Of(role).Count > 0))
        {
            yield return $"{NameOf(role)}: {string.Join(", ", Of(role).Select(input => $"{input.Name} of {workflow.NameOf(input.Node)}"))}";
        }

        var guess = workflow.GuessFor(Output);
        foreach (var role in Enum.GetValues<ComfyRole>().Where(role => Of(role).Count == 0 && guess.IsComputed(role)))
        {
            yield return $"{NameOf(role)}: as in the workflow; {guess.GapOf(role)}";
        }

        yield return $"output: {(Output is null ? "any node's" : workflow.NameOf(Output))}";
    }

    internal static string NameOf(ComfyRole role) => JsonNamingPolicy.SnakeCaseLower.ConvertName(role.ToString());

    internal IReadOnlyList<ComfyInput> Of(ComfyRole role) => Inputs.GetValueOrDefault(role) ?? [];

    private static ComfyRole ReadRole(string name, string path)
    {
        var roles = Enum.GetValues<ComfyRole>();
        var index = Array.FindIndex(roles, role => NameOf(role) == name);
        string[] names = [.. roles.Select(NameOf), OutputName];
        return index >= 0
            ? roles[index]
            : throw new InvalidRequestException(
                Field,
                $"The mapping {path} says '{name}', which cannot be mapped: choose "
                    + $"{string.Join(", ", names)}.{NearestName.Hint(name, names)}"
            );
    }

    private static List<ComfyInput> ReadInputs(string name, JsonNode? value, string path, ComfyWorkflow workflow)
    {
        JsonNode?[] values = value switch
        {
            null => [],
            JsonArray several => [.. several],
            _ => [value],
        };
        return
        [
            .. values.Select(one =>
            {
                var input = one?.GetValueKind() == JsonValueKind.String ? ComfyInput.Parse(one.GetValue<string>()) : null;
                return input is null
                    ? throw new InvalidRequestException(
                        Field,
                        $"The mapping {path} gives '{name}' as {one?.ToJsonString() ?? "null"}: write "
                            + "node and input, such as \"6.text\", or a list of those."
                    )
                    : Existing(input, path, workflow);
            }),
        ];
    }

    private static ComfyInput Existing(ComfyInput input, string path, ComfyWorkflow workflow)
    {
        if (!workflow.Nodes.TryGetValue(input.Node, out var node))
        {
            throw new InvalidRequestException(
                Field,
                $"The mapping {path} names node {input.Node}, which is not in {workflow.Source}: it "
                    + $"has {string.Join(", ", workflow.Nodes.Keys.Take(40))}."
            );
        }

        return node.Inputs.ContainsKey(input.Name)
            ? input
            : throw new InvalidRequestException(
                Field,
                $"The mapping {path} names {input}, but {workflow.NameOf(input.Node)} of {workflow.Source} has "
                    + $"{string.Join(", ", node.Inputs.Select(pair => pair.Key))}."
            );
    }

    private static string ReadNode(JsonNode value, string path, ComfyWorkflow workflow)
    {
        var node = value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : value.ToJsonString();
        return workflow.Nodes.ContainsKey(node)
            ? node
            : throw new InvalidRequestException(
                Field,
                $"The mapping {path} names the output node {node}, which is not in " + $"{workflow.Source}."
            );
    }
}
