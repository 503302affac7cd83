namespace WanSharp.Jobs.Comfy;

/// <summary>Finds the text that becomes a sampler's conditioning, through whatever passes it on.</summary>
internal sealed class SamplerConditioning(WorkflowValues values)
{
    private const int Depth = 32;

    private static readonly string[] Passing = ["conditioning", "original_text_embeds"];

    /// <summary>Adds the input that holds the text.</summary>
    /// <param name="sampler">The sampler.</param>
    /// <param name="side"><c>positive</c> or <c>negative</c>.</param>
    /// <param name="inputs">Gets the input, or why there is none.</param>
    public void Find(ComfyNode sampler, string side, RoleInputs inputs)
    {
        var what = side == "positive" ? "prompt" : "negative prompt";
        if (Follow(sampler, side, inputs) is { } last)
        {
            inputs.Miss(
                last == sampler ? $"{sampler} has no {what}" : $"the {what} of {sampler} comes from {last}",
                isComputed: last != sampler
            );
        }
    }

    /// <summary>Adds the input that holds the text of one more conditioning.</summary>
    /// <param name="node">The node that takes it.</param>
    /// <param name="name">By this input.</param>
    /// <param name="from">The node that it comes from.</param>
    /// <param name="inputs">Gets the input, or why there is none.</param>
    public void Find(ComfyNode node, string name, ComfyNode from, RoleInputs inputs)
    {
        if (Follow(from, "positive", inputs) is { } last)
        {
            inputs.Miss($"{name} of {node} comes from {last}", isComputed: true);
        }
    }

    /// <summary>The node at which no text was found; null when one was.</summary>
    private ComfyNode? Follow(ComfyNode from, string side, RoleInputs inputs)
    {
        var (node, last) = ((ComfyNode?)from, from);
        for (var depth = 0; depth < Depth && node is not null; depth++)
        {
            last = node;
            if (values.Target(node, [side, "guider", "text_embeds", "text_embeds_positive"]) is { } next)
            {
                node = next;
                continue;
            }

            var name = new[] { $"{side}_prompt", "text", "prompt" }.FirstOrDefault(node.Inputs.ContainsKey);
            if (name is not null)
            {
                inputs.Add(values.Text(node, name), node, name);
                return null;
            }

            node = values.Target(node, Passing) ?? (node == from ? null : values.HandedOn(node));
        }

        return last;
    }
}
