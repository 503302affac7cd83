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
                else if (target is not null && (isModel || Onwards.Contains(name)) && seen.Add(target.Id))
                {
                    open.Enqueue((target, one.IsModel || isModel));
                }
            }
        }
    }

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
