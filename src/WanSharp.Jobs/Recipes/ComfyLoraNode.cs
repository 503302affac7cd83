using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using WanSharp.Jobs.Comfy;

namespace WanSharp.Jobs.Recipes;

/// <summary>What a node says of LoRAs: all of it, or what is not understood.</summary>
/// <remarks>
/// Sources: ComfyUI's <c>nodes.py</c>, ComfyUI-WanVideoWrapper, rgthree-comfy (power_lora_loader.py, lora_stack.py),
/// willmiao/ComfyUI-Lora-Manager:py/nodes, Suzie1/ComfyUI_Comfyroll_CustomNodes:nodes/nodes_lora.py, jags111/efficiency-nodes-comfyui,
/// yolain/ComfyUI-Easy-Use:py/nodes/loaders.py.
/// </remarks>
internal sealed partial class ComfyLoraNode
{
    /// <summary>Inputs that are linked to a node with more LoRAs.</summary>
    public static readonly string[] Links = ["lora", "prev_lora", "lora_stack", "optional_lora_stack"];

    private const string Word = "lora";
    private const string None = "none";

    private static readonly string[] Counts = ["num_loras", "lora_count"];
    private static readonly string[] Switches = ["switch", "toggle", "enabled", "enable", "active"];
    private static readonly string[] Off = ["off", "false", "disabled", "no", "0"];
    private static readonly string[] Texts = ["lora_syntax", "text"];

    // They say how a file is loaded, which of the other inputs count, or what a text encoder gets, which is not changed here.
    private static readonly HashSet<string> Idle = new(StringComparer.OrdinalIgnoreCase)
    {
        "model",
        "clip",
        "low_mem_load",
        "merge_loras",
        "mode",
        "input_mode",
        "unique_id",
        "control_after_generate",
        "PowerLoraLoaderHeaderWidget",
        "➕ Add Lora",
    };

    private readonly ComfyWorkflow _workflow;
    private readonly WorkflowValues _values;
    private readonly ComfyNode _node;
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);
    private readonly List<(string File, string Strength)> _loras = [];
    private readonly List<string> _unknown = [];

    public ComfyLoraNode(ComfyWorkflow workflow, WorkflowValues values, ComfyNode node)
    {
        (_workflow, _values, _node) = (workflow, values, node);
        IsOne = IsAbout(node.ClassType) || node.Inputs.Any(input => IsAbout(input.Key) && node.LinkOf(input.Key) is null);
        if (!IsOne || IsSwitchedOff(""))
        {
            IsOff = IsOne;
            return;
        }

        ReadSlots();
        ReadObjects();
        ReadTexts();
        if (IsAbout(node.ClassType))
        {
            NameTheRest();
        }
    }

    /// <summary>Whether the node has to do with LoRAs.</summary>
    public bool IsOne { get; }

    /// <summary>Whether it gives none, nor hands any on.</summary>
    public bool IsOff { get; }

    /// <summary>The LoRAs that it adds, with their strengths, in its order.</summary>
    public IReadOnlyList<(string File, string Strength)> Loras => _loras;

    /// <summary>What is not understood, a sentence each.</summary>
    public IReadOnlyList<string> Unknown => _unknown;

    private static bool IsAbout(string name) => name.Contains(Word, StringComparison.OrdinalIgnoreCase);

    private static bool IsLink(string name) => Links.Contains(name);

    /// <summary>A file in an input of its own, with a strength and perhaps a switch in others of the same number.</summary>
    private void ReadSlots()
    {
        var count = Counts.Select(name => _values.Number(_node, name)).FirstOrDefault(source => source is not null);
        var most = count?.Input is { } input ? _values.NumberIn(input) : null;
        foreach (var name in Counts)
        {
            _read.Add(name);
        }

        foreach (var (name, value) in _node.Inputs)
        {
            if (Slot().Match(name) is not { Success: true } slot || value is JsonObject && !value.AsObject().ContainsKey("content"))
            {
                continue;
            }

            if (value?.GetValueKind() is JsonValueKind.True or JsonValueKind.False || (_node.LinkOf(name) is not null && IsLink(name)))
            {
                continue; // a switch, or more LoRAs
            }

            _read.Add(name);
            var number = slot.Groups["number"].Value;
            var isCounted = most is null || number.Length == 0 || int.Parse(number, CultureInfo.InvariantCulture) <= most;
            var strength = StrengthOf(number);
            if (!isCounted || (number.Length > 0 && IsSwitchedOff(number)))
            {
                continue;
            }

            if (Held(name) is not { } file)
            {
                _unknown.Add($"the LoRA {name} of {_node} is computed");
            }
            else if (file.Length > 0 && !file.Equals(None, StringComparison.OrdinalIgnoreCase))
            {
                Add(file, strength);
            }
        }
    }

    /// <summary>Values that are LoRAs themselves: rgthree's, and the list of the LoRA Manager.</summary>
    private void ReadObjects()
    {
        foreach (var (name, value) in _node.Inputs)
        {
            var isList = name == "loras";
            var list =
                value is JsonObject holder && holder["__value__"] is JsonArray held ? held
                : isList ? value as JsonArray
                : null;
            if (list is not null)
            {
                _read.Add(name);
                _read.Add("text"); // says the same
                foreach (var one in list.OfType<JsonObject>().Where(one => one["active"]?.GetValueKind() == JsonValueKind.True))
                {
                    Add(WithExtension(one["name"].Text() ?? ""), one["strength"]);
                }
            }
            else if (value is JsonObject one && one[Word].Text() is { } file) // {"on": true, "lora": …, "strength": …}
            {
                _read.Add(name);
                if (one["on"]?.GetValueKind() != JsonValueKind.False && !file.Equals(None, StringComparison.OrdinalIgnoreCase))
                {
                    Add(file, one["strength"]);
                }
            }
        }
    }

    /// <summary>LoRAs in a text, as prompts name them.</summary>
    private void ReadTexts()
    {
        foreach (var name in Texts.Where(name => !_read.Contains(name) && _node.Inputs.ContainsKey(name)))
        {
            _read.Add(name);
            if (Held(name) is not { } text)
            {
                _unknown.Add($"the LoRAs in {name} of {_node} are computed");
                continue;
            }

            var marks = Mark().Matches(text);
            foreach (Match mark in marks)
            {
                Add(WithExtension(mark.Groups["name"].Value), JsonValue.Create(mark.Groups["strength"].Value));
            }

            if (marks.Count == 0 && text.Trim().Length > 0)
            {
                _unknown.Add($"{name} \"{RecipeValues.Short(JsonValue.Create(text))}\" of {_node}");
            }
        }
    }

    /// <summary>Whatever else the node has may change how its LoRAs act.</summary>
    private void NameTheRest()
    {
        List<string> rest =
        [
            .. _node
                .Inputs.Where(input => !_read.Contains(input.Key) && !Idle.Contains(input.Key) && !IsOfText(input.Key) && HasValue(input))
                .Select(input => input.Key),
        ];
        if (rest.Count > 0)
        {
            _unknown.Add($"{string.Join(", ", rest.Take(4))}{(rest.Count > 4 ? " and more" : "")} of {_node} may change what its LoRAs do");
        }

        var gives = _read.Any(_node.Inputs.ContainsKey) || Links.Any(link => _node.LinkOf(link) is not null);
        if (!gives && rest.Count == 0)
        {
            _unknown.Add($"{_node} gives LoRAs");
        }
    }

    private bool HasValue(KeyValuePair<string, JsonNode?> input) =>
        !(input.Value is JsonObject { Count: 1 } header && header.ContainsKey("type")) && IsSaid(input); // rgthree's heading

    private bool IsSaid(KeyValuePair<string, JsonNode?> input) =>
        (_node.LinkOf(input.Key) is not null && !IsLink(input.Key))
        || (_node.LinkOf(input.Key) is null && !RecipeValues.IsEmpty(input.Value));

    private static bool IsOfText(string name) => name.Contains("clip", StringComparison.OrdinalIgnoreCase);

    /// <summary>The strength of the LoRA of a number, from whichever input says it; null if none does.</summary>
    private JsonNode? StrengthOf(string number)
    {
        string[] ofModel,
            plain;
        if (number.Length == 0)
        {
            (ofModel, plain) = (["strength_model", "model_strength", "model_weight", "lora_model_strength"], ["strength", "lora_strength"]);
            plain = [.. plain, "lora_weight", "weight"];
        }
        else
        {
            ofModel = [$"strength_model_{number}", $"model_strength_{number}", $"model_weight_{number}", $"model_str_{number}"];
            ofModel = [.. ofModel, $"lora_{number}_model_strength", $"strength_model{number}"];
            plain = [$"strength_{number}", $"lora_strength_{number}", $"lora_{number}_strength", $"lora_wt_{number}"];
            plain = [.. plain, $"lora_weight_{number}", $"weight_{number}", $"strength{number}"];
        }

        var mode = _node.Inputs["mode"].Text() ?? _node.Inputs["input_mode"].Text();
        string[] order = mode == "simple" ? [.. plain, .. ofModel] : [.. ofModel, .. plain];
        _read.UnionWith(order);
        return order.FirstOrDefault(_node.Inputs.ContainsKey) is not { } name ? null
            : _values.Number(_node, name) is { Input: { } input } ? _workflow.Nodes[input.Node].Inputs[input.Name]
            : new JsonArray();
    }

    /// <summary>Whether a switch of the node, or of one number, is off.</summary>
    private bool IsSwitchedOff(string number)
    {
        string[] names = number.Length == 0 ? Switches : [.. Switches.Select(name => $"{name}_{number}"), $"lora_{number}", $"on_{number}"];
        foreach (var name in names.Where(_node.Inputs.ContainsKey))
        {
            var value = _node.Inputs[name];
            if (value is JsonValue && (value.Text() is null || number.Length == 0 || !Slot().IsMatch(name)))
            {
                _read.Add(name);
                if (Off.Contains(value.ToString(), StringComparer.OrdinalIgnoreCase))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private void Add(string file, JsonNode? strength)
    {
        if (file.Length == 0)
        {
            _unknown.Add($"a LoRA of {_node} has no name");
        }
        else if (strength.Number() is null && strength.Text() is null)
        {
            _unknown.Add($"the strength of the LoRA {file} of {_node} is {(strength is null ? "not known" : "computed")}");
        }
        else
        {
            _loras.Add((file.Replace('\\', '/'), strength!.ToString()));
        }
    }

    private string? Held(string name) =>
        _node.Inputs[name] is JsonObject choice ? choice["content"].Text() // pysssss: with a picture of it
        : _values.Text(_node, name) is { Input: { } input } ? _workflow.Nodes[input.Node].Inputs[input.Name].Text()?.Replace('\\', '/')
        : null;

    private static string WithExtension(string name) =>
        name.Length == 0 || name.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase) ? name : $"{name}.safetensors";

    [GeneratedRegex("^lora(?:_?name)?(?:_?(?<number>[0-9]{1,4}))?(?:_name)?$")]
    private static partial Regex Slot();

    [GeneratedRegex("<lora:(?<name>[^:<>]+):(?<strength>[-+0-9.]+)(?::[^<>]*)?>", RegexOptions.IgnoreCase)]
    private static partial Regex Mark();
}
