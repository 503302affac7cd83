using System.Text.Json;
using System.Text.Json.Nodes;
using WanSharp.Jobs.Comfy;

namespace WanSharp.Jobs.Recipes;

/// <summary>What a sampler's model comes through: the file, LoRAs, and whatever else changes it.</summary>
internal sealed class ComfyModelChain
{
    private const int Depth = 64;
    private const string None = "none";

    private static readonly string[] Files = ["unet_name", "ckpt_name", "model_name", "gguf_name", "model"];

    // How the file is loaded and computed changes rounding only.
    private static readonly string[] Harmless =
    [
        "Loader",
        "Torch",
        "Sage",
        "BlockSwap",
        "FP16",
        "Compile",
        "ModelSampling",
        "Reroute",
        "VRAM",
        "MultiGPU",
        "DisTorch",
        "SetLoRAs",
        "Offload",
    ];

    private static readonly string[] LoraLinks = ["lora", "prev_lora", "lora_stack"];

    private readonly ComfyWorkflow _workflow;
    private readonly WorkflowValues _values;
    private readonly List<(string File, string Strength)> _loras = [];
    private readonly List<string> _unknown = [];
    private readonly HashSet<string> _seen = [];

    public ComfyModelChain(ComfyWorkflow workflow, WorkflowValues values, ComfyNode sampler)
    {
        (_workflow, _values) = (workflow, values);
        var node = values.Target(sampler, "model") ?? ModelOf(values.Target(sampler, "guider"));
        for (var depth = 0; depth < Depth && node is not null && _seen.Add(node.Id); depth++)
        {
            Take(node);
            node = values.Target(node, ["model", "model1"]);
        }

        _loras.Reverse(); // the nearest to the file acts first
        if (Model is null)
        {
            _unknown.Add($"the model of {sampler} does not come from a known file");
        }
    }

    /// <summary>The transformer's file; null when it is not known.</summary>
    public string? Model { get; private set; }

    /// <summary>The LoRAs, each with its strength.</summary>
    public IReadOnlyList<(string File, string Strength)> Loras => _loras;

    /// <summary>What else changes the model, a sentence each.</summary>
    public IReadOnlyList<string> Unknown => _unknown;

    private ComfyNode? ModelOf(ComfyNode? guider) => guider is null ? null : _values.Target(guider, "model");

    private void Take(ComfyNode node)
    {
        foreach (var name in LoraLinks)
        {
            TakeList(_values.Target(node, name));
        }

        if (TakeLoras(node))
        {
            return;
        }

        if (_values.Target(node, "model") is null)
        {
            Model = Files.Select(name => Held(node, name)).FirstOrDefault(file => file is not null);
        }
        else if (!Harmless.Any(word => node.ClassType.Contains(word, StringComparison.OrdinalIgnoreCase)))
        {
            _unknown.Add($"{node} changes the model");
        }
    }

    /// <summary>The LoRAs of the wrapper's nodes, which hand on a list.</summary>
    private void TakeList(ComfyNode? node)
    {
        for (var depth = 0; depth < Depth && node is not null && _seen.Add(node.Id); depth++)
        {
            if (!TakeLoras(node))
            {
                _unknown.Add($"{node} gives LoRAs");
            }

            if (node.LinkOf("blocks") is not null)
            {
                _unknown.Add($"{node} takes some blocks of its LoRA only");
            }

            node = _values.Target(node, LoraLinks);
        }
    }

    /// <summary>The LoRAs that a node adds.</summary>
    /// <returns>Whether it is a node that adds LoRAs.</returns>
    private bool TakeLoras(ComfyNode node)
    {
        var isOne = false;
        foreach (var (name, value) in node.Inputs.Reverse())
        {
            if (value is JsonObject one && one["lora"].Text() is { } file) // rgthree's: {"on": true, "lora": …, "strength": …}
            {
                isOne = true;
                Add(one["on"]?.GetValueKind() == JsonValueKind.False ? null : file, one["strength"], node);
            }
            else if (name is "lora_name" or "lora" || name.StartsWith("lora_", StringComparison.Ordinal))
            {
                if (Held(node, name) is { } held)
                {
                    isOne = true;
                    var suffix = name is "lora_name" or "lora" ? "" : name["lora".Length..]; // lora_0 with strength_0
                    Add(held, Strength(node, suffix), node);
                }
            }
        }

        return isOne;
    }

    private JsonNode? Strength(ComfyNode node, string suffix)
    {
        var name = new[] { $"strength_model{suffix}", $"strength{suffix}", $"lora_strength{suffix}" }.FirstOrDefault(
            node.Inputs.ContainsKey
        );
        return name is null ? JsonValue.Create(1)
            : _values.Number(node, name) is { Input: { } input } ? _workflow.Nodes[input.Node].Inputs[input.Name]
            : null;
    }

    private void Add(string? file, JsonNode? strength, ComfyNode node)
    {
        if (file is null || file.Equals(None, StringComparison.OrdinalIgnoreCase) || file.Length == 0)
        {
            return;
        }

        if (strength.Number() is null && strength.Text() is null)
        {
            _unknown.Add($"the strength of the LoRA {file} of {node} is computed");
            return;
        }

        _loras.Add((file.Replace('\\', '/'), strength!.ToString()));
    }

    private string? Held(ComfyNode node, string name) =>
        _values.Text(node, name) is { Input: { } input } ? _workflow.Nodes[input.Node].Inputs[input.Name].Text()?.Replace('\\', '/') : null;
}
