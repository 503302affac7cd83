namespace WanSharp.Jobs.Comfy;

/// <summary>Finds the nodes that load the first and the last frame, for the latents and for the vision encoder.</summary>
internal sealed class ConditioningImages(WorkflowValues values, IReadOnlyList<ComfyNode> measured)
{
    private const int Depth = 32;

    private static readonly string[] Onwards = ["image", "images", "pixels"];

    public RoleInputs First() => Find("start_image", "clip_vision_start_image", "clip_vision_output", "image_1");

    public RoleInputs Last() => Find("end_image", "clip_vision_end_image", null, "image_2");

    private RoleInputs Find(string frame, string vision, string? onlyVision, string wrapperVision)
    {
        var inputs = new RoleInputs();
        foreach (var node in measured.Where(node => node.LinkOf(frame) is not null))
        {
            Add(node, frame, inputs);
            foreach (var link in new[] { vision, onlyVision }.OfType<string>().Where(link => node.LinkOf(link) is not null))
            {
                Add(node, link, inputs);
            }

            if (values.Target(node, "clip_embeds") is { } wrapper && wrapper.LinkOf(wrapperVision) is not null)
            {
                Add(wrapper, wrapperVision, inputs);
            }
        }

        return inputs;
    }

    private void Add(ComfyNode node, string link, RoleInputs inputs)
    {
        var current = values.Target(node, link);
        for (var depth = 0; depth < Depth && current is not null; depth++)
        {
            if (current.ClassType.StartsWith("LoadImage", StringComparison.Ordinal) && current.HasValue("image"))
            {
                inputs.Add(new ComfyInput(current.Id, "image"));
                return;
            }

            if (values.Target(current, Onwards) is not { } next)
            {
                break;
            }

            current = next;
        }

        inputs.Miss($"{link} of {node} comes from {current?.ToString() ?? "a node that is not there"}", isComputed: true);
    }
}
