using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace WanSharp.Jobs.Comfy;

/// <summary>Finds the input that holds a value: the one asked for, or that of a node that only holds a value for it.</summary>
/// <remarks>
/// Strict, because a value that is written into the wrong place makes another clip without a word: a node that may change the value on its
/// way (one that joins texts or does arithmetic) ends the search.
/// </remarks>
internal sealed class WorkflowValues(ComfyWorkflow workflow)
{
    /// <summary>Links are followed no further than this: the workflows of strangers may go in circles.</summary>
    private const int Depth = 32;

    private const string Switch = "ComfySwitchNode";

    private static readonly string[] Numbers = ["value", "int", "integer", "float", "number", "val"];
    private static readonly string[] Texts = ["text", "prompt", "value", "string"];
    private static readonly string[] Seeds = ["seed", "noise_seed"];
    private static readonly string[] Bounds = ["min", "max", "step", "precision"];

    // Inputs that say how a node looks and what it accepts, not what it makes of its value.
    private static readonly string[] Harmless =
    [
        .. Bounds,
        "title",
        "label",
        "note",
        "show",
        "multiline",
        "strip_newlines",
        "decimals",
        "number_type",
        "control_after_generate",
        "control_before_generate",
        "speak_and_recognation",
    ];

    // What is no part of what a node hands on: what it works with, and texts that became numbers.
    private static readonly string[] Tools = ["model", "vae", "clip", "t5", "conditioning", "positive", "negative", "text_embeds"];
    private static readonly string[] Anything = ["anything", "any", "any_input", "value", "input"];

    /// <summary>The node that an input is linked to.</summary>
    public ComfyNode? Target(ComfyNode node, string link) => node.LinkOf(link) is { } id ? workflow.Nodes.GetValueOrDefault(id) : null;

    /// <summary>The first of some inputs that is linked to a node.</summary>
    public ComfyNode? Target(ComfyNode node, IEnumerable<string> links) =>
        links.Select(link => Target(node, link)).FirstOrDefault(target => target is not null);

    /// <summary>
    /// The node whose output a node hands on, that does something else meanwhile: frees memory, shows it, takes the first of several.
    /// </summary>
    /// <returns>The node; null where it is not certain which, or the node has a text of its own.</returns>
    public ComfyNode? HandedOn(ComfyNode node)
    {
        if (node.ClassType == Switch)
        {
            return SwitchedTo(node) is { } branch ? Target(node, branch) : null;
        }

        if (node.Inputs.Any(input => input.Value.Text() is not null))
        {
            return null;
        }

        var links = node
            .Inputs.Select(input => input.Key)
            .Where(key => node.LinkOf(key) is not null && !Tools.Any(tool => key.Contains(tool, StringComparison.OrdinalIgnoreCase)))
            .ToList();
        var chosen =
            links.Count == 1 ? links[0]
            : links.Find(key => Named(key, Anything)) is { } only && !links.Exists(IsNumbered) ? only
            : links.Where(IsNumbered).Order(StringComparer.OrdinalIgnoreCase).FirstOrDefault();
        return chosen is null ? null : Target(node, chosen);

        static bool IsNumbered(string key) => key.StartsWith("any_", StringComparison.OrdinalIgnoreCase) && key != "any_input";
    }

    /// <summary>Where a number comes from.</summary>
    /// <returns>The source; null when the node does not have such an input.</returns>
    public ValueSource? Number(ComfyNode node, string input) => Find(node, input, isText: false);

    /// <summary>Where a text comes from.</summary>
    /// <returns>The source; null when the node does not have such an input.</returns>
    public ValueSource? Text(ComfyNode node, string input) => Find(node, input, isText: true);

    /// <summary>The number that an input holds now.</summary>
    public double? NumberIn(ComfyInput input) => NumberIn(workflow.Nodes.GetValueOrDefault(input.Node)?.Inputs[input.Name]);

    /// <summary>Whether a node gets something, over any number of nodes, from one of some others.</summary>
    public bool DependsOn(ComfyNode node, IReadOnlySet<string> others)
    {
        var (seen, open) = (new HashSet<string> { node.Id }, new Queue<string>([node.Id]));
        while (open.TryDequeue(out var id))
        {
            if (others.Contains(id))
            {
                return true;
            }

            foreach (var link in workflow.Nodes.GetValueOrDefault(id)?.Links().Where(seen.Add) ?? [])
            {
                open.Enqueue(link);
            }
        }

        return false;
    }

    private ValueSource? Find(ComfyNode node, string input, bool isText)
    {
        if (!node.Inputs.ContainsKey(input))
        {
            return null;
        }

        for (var depth = 0; depth < Depth; depth++)
        {
            if (node.Inputs[input] is JsonValue value)
            {
                return isText
                    ? value.GetValueKind() == JsonValueKind.String
                        ? Held()
                        : Computed(node)
                    : NumberIn(value) is not null
                        ? Held()
                        : Computed(node);
            }

            if (Target(node, input) is not { } target)
            {
                return Computed(node);
            }

            if (Holder(target, node.OutputOf(input), input, isText) is not { } holder)
            {
                return Computed(target);
            }

            (node, input) = (target, holder);
        }

        return Computed(node);

        ValueSource Held() => new(new ComfyInput(node.Id, input), null);
        static ValueSource Computed(ComfyNode by) => new(null, by);
    }

    /// <summary>The input whose value a node hands on unchanged; null when it does not hand one on.</summary>
    private string? Holder(ComfyNode node, int output, string asked, bool isText)
    {
        if (node.ClassType == Switch)
        {
            return SwitchedTo(node);
        }

        if (node.ClassType.StartsWith("WanVideoScheduler", StringComparison.Ordinal) && node.Inputs.ContainsKey(asked))
        {
            return asked; // passes its settings on, each through its own output
        }

        if (output != 0)
        {
            return null;
        }

        if (node.Inputs.Count == 1 && node.LinkOf(node.Inputs.Single().Key) is not null)
        {
            return node.Inputs.Single().Key;
        }

        return isText ? TextHolder(node) : NumberHolder(node, asked);
    }

    /// <summary>The input that ComfyUI's own switch hands on; null where it is not known before the workflow runs.</summary>
    /// <remarks>Source: ComfyUI comfy_extras/nodes_logic.py.</remarks>
    private string? SwitchedTo(ComfyNode node)
    {
        const string Input = "switch";
        var value = Target(node, Input) is { ClassType: "PrimitiveBoolean" } typed ? typed.Inputs["value"] : node.Inputs[Input];
        var branch = value?.GetValueKind() switch
        {
            JsonValueKind.True => "on_true",
            JsonValueKind.False => "on_false",
            _ => null,
        };
        return branch is not null && node.Inputs.ContainsKey(branch) ? branch : null;
    }

    private static string? NumberHolder(ComfyNode node, string asked)
    {
        if (node.ClassType == "mxSlider")
        {
            return NumberIn(node.Inputs["isfloatX"]) is > 0 ? "Xf" : "Xi";
        }

        // Texts next to a seed say when to draw another one.
        var isSeed = Seeds.Contains(asked);
        var holder = Named(node, isSeed ? [.. Seeds, .. Numbers] : Numbers);
        return
            holder is not null
            && node.Inputs.Where(other => other.Key != holder && !Named(other.Key, Harmless))
                .All(other => isSeed && other.Value is JsonValue value && NumberIn(value) is null)
            ? holder
            : null;
    }

    /// <summary>The text of a node that does nothing with it, except that it may show it.</summary>
    private static string? TextHolder(ComfyNode node)
    {
        var holder = Named(node, Texts);
        return holder is not null && node.Inputs.All(other => other.Key == holder || Named(other.Key, Harmless) || IsShown(other.Key))
            ? holder
            : null;

        // What a node shows of the text that it hands on is named after it: text_0.
        bool IsShown(string key) =>
            node.LinkOf(holder) is not null && key.StartsWith($"{holder}_", StringComparison.Ordinal) && node.HasValue(key);
    }

    private static string? Named(ComfyNode node, string[] names) =>
        names
            .Select(name => node.Inputs.Select(input => input.Key).FirstOrDefault(key => Named(key, [name])))
            .FirstOrDefault(key => key is not null);

    private static bool Named(string key, string[] names) => names.Contains(key, StringComparer.OrdinalIgnoreCase);

    private static double? NumberIn(JsonNode? value) =>
        value.Number()
        ?? (
            double.TryParse(value.Text(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
                ? number
                : null
        );
}
