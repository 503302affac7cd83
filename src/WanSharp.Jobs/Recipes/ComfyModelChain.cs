using WanSharp.Jobs.Comfy;

namespace WanSharp.Jobs.Recipes;

/// <summary>What a sampler's model comes through: the file, LoRAs, and whatever else changes it.</summary>
internal sealed class ComfyModelChain
{
    private const int Depth = 64;

    private static readonly string[] Files = ["unet_name", "ckpt_name", "model_name", "gguf_name", "model"];

    // How the file is loaded and computed changes rounding only, and the shift is read elsewhere. Whole names: a word in a name says
    // nothing of what the node does.
    private static readonly HashSet<string> Harmless = new(StringComparer.Ordinal)
    {
        "ModelSamplingSD3",
        "Reroute",
        "ModelPassThrough",
        "ModelPatchTorchSettings",
        "PatchModelPatcherOrder",
        "PathchSageAttentionKJ", // so it is spelled
        "PatchSageAttentionKJ",
        "TorchCompileModel",
        "TorchCompileModelAdvanced",
        "TorchCompileModelWanVideo",
        "TorchCompileModelWanVideoV2",
        "VRAM_Debug",
        "WanVideoBlockSwap",
        "WanVideoSetBlockSwap",
        "WanVideoSetLoRAs",
        "WanVideoTorchCompileSettings",
        "wanBlockSwap",
    };

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
        var isOfLoras = TakeLoras(node);
        if (_values.Target(node, "model") is null && _values.Target(node, "model1") is null)
        {
            Model = Files.Select(name => Held(node, name)).FirstOrDefault(file => file is not null);
        }
        else if (!isOfLoras && !Harmless.Contains(node.ClassType))
        {
            _unknown.Add($"{node} changes the model");
        }
    }

    /// <summary>The LoRAs that a node adds, and those of the nodes that hand it a list of them.</summary>
    /// <returns>Whether it is a node that has to do with LoRAs.</returns>
    private bool TakeLoras(ComfyNode first)
    {
        var isOne = false;
        var node = first;
        for (var depth = 0; depth < Depth && node is not null && (node == first || _seen.Add(node.Id)); depth++)
        {
            var read = new ComfyLoraNode(_workflow, _values, node);
            isOne |= read.IsOne;
            if (read.IsOff)
            {
                break;
            }

            _loras.AddRange(read.Loras.Reverse());
            _unknown.AddRange(read.Unknown);
            if (!read.IsOne && node != first)
            {
                _unknown.Add($"{node} gives LoRAs");
            }

            node = _values.Target(node, ComfyLoraNode.Links);
        }

        return isOne;
    }

    private string? Held(ComfyNode node, string name) =>
        _values.Text(node, name) is { Input: { } input } ? _workflow.Nodes[input.Node].Inputs[input.Name].Text()?.Replace('\\', '/') : null;
}
