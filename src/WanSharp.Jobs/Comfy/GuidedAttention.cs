namespace WanSharp.Jobs.Comfy;

/// <summary>
/// Finds the texts that reach a sampler over its model, or next to its own: models that run without guidance take the negative prompt
/// there.
/// </summary>
/// <remarks>
/// Inputs: ComfyUI comfy_extras/nodes_nag.py and KJNodes (WanVideoNAG), ComfyUI-WanVideoWrapper (WanVideoApplyNAG), ComfyUI-NAG
/// (KSamplerWithNAG, NAGCFGGuider).
/// </remarks>
internal sealed class GuidedAttention(WorkflowValues values, SamplerConditioning conditioning)
{
    private const string Mark = "nag";

    private static readonly string[] Onwards = ["guider", "text_embeds", "original_text_embeds"];
    private static readonly string[] Texts = ["conditioning", "positive", "negative", "text_embeds"];

    /// <summary>Adds the inputs that hold such texts, or why there are none.</summary>
    public void Find(ComfyNode sampler, RoleInputs inputs)
    {
        var (seen, open) = (new HashSet<string> { sampler.Id }, new Queue<(ComfyNode Node, bool IsModel)>([(sampler, false)]));
        while (open.TryDequeue(out var one))
        {
            var isFollowed = false;
            foreach (var (name, _) in one.Node.Inputs)
            {
                var (target, isModel) = (values.Target(one.Node, name), name.StartsWith("model", StringComparison.Ordinal));
                var isText = one.IsModel && Texts.Contains(name);
                if (name.Split('_').Contains(Mark) || (isText && one.Node.ClassType.Contains(Mark, StringComparison.OrdinalIgnoreCase)))
                {
                    Add(one.Node, name, target, inputs);
                }
                else if (isText && target is not null)
                {
                    inputs.Miss($"{name} of {one.Node}, which changes the model, is one more text", isComputed: true);
                }
                else if (target is not null && (isModel || Onwards.Contains(name)))
                {
                    isFollowed = true;
                    Open(target, one.IsModel || isModel);
                }
            }

            if (one.IsModel && !isFollowed)
            {
                foreach (var target in Handed(one.Node))
                {
                    Open(target, isModel: true);
                }
            }
        }

        void Open(ComfyNode target, bool isModel)
        {
            if (seen.Add(target.Id))
            {
                open.Enqueue((target, isModel));
            }
        }
    }

    /// <summary>What a node on the model's way may hand on, such as one that frees memory; of a switch all that it chooses from.</summary>
    private IEnumerable<ComfyNode> Handed(ComfyNode node) =>
        values.HandedOn(node) is { } only ? [only]
        : node.ClassType.Contains("switch", StringComparison.OrdinalIgnoreCase)
            ? node.Inputs.Select(input => values.Target(node, input.Key)).OfType<ComfyNode>()
        : [];

    private void Add(ComfyNode node, string name, ComfyNode? target, RoleInputs inputs)
    {
        if (target is not null)
        {
            conditioning.Find(node, name, target, inputs);
        }
        else if (values.Text(node, name)?.Input is { } text)
        {
            inputs.Add(text);
        }
    }
}
