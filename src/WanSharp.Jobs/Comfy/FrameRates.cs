namespace WanSharp.Jobs.Comfy;

/// <summary>Finds how many frames a second the clip is shown at.</summary>
internal sealed class FrameRates(ComfyWorkflow workflow, WorkflowValues values, ClipSamplers samplers, string? output)
{
    private static readonly string[] Names = ["fps", "frame_rate"];

    /// <summary>How nodes that make frames between frames call the number of frames that one becomes.</summary>
    private static readonly string[] Factors = ["multiplier", "interpolation_factor", "interpolation_multiplier"];

    public RoleInputs Find()
    {
        var inputs = new RoleInputs();
        ComfyNode[] path =
            output is not null && workflow.Nodes.TryGetValue(output, out var saver)
                ? [saver, .. samplers.Behind([saver], throughSamplers: false)]
                : [.. workflow.Nodes.Values];
        foreach (var (node, name) in path.SelectMany(node => Names.Where(node.Inputs.ContainsKey).Select(name => (node, name))))
        {
            inputs.Add(values.Number(node, name), node, name);
        }

        if (inputs.Inputs.Select(values.NumberIn).Distinct().Count() > 1)
        {
            inputs.Miss($"its nodes have different rates: {string.Join(", ", inputs.Inputs)}");
        }

        // Frames between frames: neither the rate nor the length is what the sampler's frames say.
        if (
            path.FirstOrDefault(node => Factors.Any(node.Inputs.ContainsKey) && values.Target(node, ["frames", "images"]) is not null) is
            { } between
        )
        {
            inputs.Miss($"{between} adds frames between the sampler's");
        }

        return inputs;
    }
}
