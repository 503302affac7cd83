namespace WanSharp.Jobs.Comfy;

/// <summary>Finds the node of a workflow whose file is the clip.</summary>
internal sealed class WorkflowOutput
{
    private const int Depth = 8;

    // In the order in which they are taken where several save the same frames.
    private static readonly string[] Savers = ["SaveVideo", "VHS_VideoCombine", "SaveWEBM", "SaveAnimatedWEBP", "SaveAnimatedPNG"];
    private static readonly string[] Shows = ["PreviewAny", "PreviewImage", "SaveImage", "PreviewLatent", "SaveLatent"];
    private static readonly string[] Media = ["video", "images", "image", "frames"];

    public WorkflowOutput(ComfyWorkflow workflow)
    {
        var values = new WorkflowValues(workflow);
        var all = Savers
            .SelectMany(saver => workflow.Nodes.Values.Where(node => node.ClassType == saver))
            .Concat(workflow.Nodes.Values.Where(IsOtherSaver))
            .ToList();
        var kept = all.Where(node => node.Inputs["save_output"]?.ToJsonString() != "false").ToList(); // the others are previews
        var candidates = kept.Count > 0 ? kept : all;
        var sources = candidates.ToLookup(node => Source(values, node));
        if (sources.Count > 1)
        {
            Gap =
                $"{string.Join(" and ", sources.Select(group => group.First()))} save different clips. Name one of them in a mapping file, "
                + "such as {\"output\": \"50\"}";
        }
        else
        {
            Node = candidates.FirstOrDefault()?.Id;
            Gap = Node is null ? OnlyShown(workflow) : null;
        }
    }

    /// <summary>The node's id; null when there is none, or it cannot be told.</summary>
    public string? Node { get; }

    /// <summary>Why it cannot be told; null when it can, or there is none.</summary>
    public string? Gap { get; }

    /// <summary>What is said where all that a workflow ends in shows a clip or saves pictures; null where something may save one.</summary>
    private static string? OnlyShown(ComfyWorkflow workflow)
    {
        var used = workflow.Nodes.Values.SelectMany(node => node.Links()).ToHashSet();
        var ends = workflow.Nodes.Values.Where(node => !used.Contains(node.Id)).ToList();
        return ends.Count > 0 && ends.TrueForAll(node => Shows.Contains(node.ClassType))
            ? $"{ends[0]} saves no clip, and no other node does: add SaveVideo"
            : null;
    }

    private static bool IsOtherSaver(ComfyNode node) =>
        !Savers.Contains(node.ClassType)
        && node.ClassType.Contains("Save", StringComparison.Ordinal)
        && node.ClassType.Contains("Video", StringComparison.Ordinal);

    /// <summary>The node that the frames come from.</summary>
    private static string Source(WorkflowValues values, ComfyNode saver)
    {
        var node = saver;
        for (var depth = 0; depth < Depth && values.Target(node, Media) is { } next; depth++)
        {
            node = next;
            if (node.ClassType != "CreateVideo")
            {
                break;
            }
        }

        return node.Id;
    }
}
