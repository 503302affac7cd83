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
        var (node, last) = ((ComfyNode?)sampler, sampler);
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
                return;
            }

            node = values.Target(node, Passing);
        }

        var what = side == "positive" ? "prompt" : "negative prompt";
        inputs.Miss(
            last == sampler ? $"{sampler} has no {what}" : $"the {what} of {sampler} comes from {last}",
            isComputed: last != sampler
        );
    }
}
