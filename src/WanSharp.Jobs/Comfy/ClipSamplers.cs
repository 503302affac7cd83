namespace WanSharp.Jobs.Comfy;

/// <summary>
/// The samplers of a workflow that make its clip, in turns or one after another, and those that make something else for it.
/// </summary>
internal sealed class ClipSamplers
{
    private const int Depth = 64;

    private static readonly string[] Marks = ["positive", "guider", "text_embeds", "steps", "cfg", "sigmas"];
    private static readonly string[] Starts = ["latent_image", "samples", "latent", "latents", "image", "images", "pixels"];

    // Nodes that sample have these, whatever they are called: upscalers in tiles, detailers.
    private static readonly string[] Settings = ["steps", "cfg", "sampler_name"];
    private static readonly string[] Networks = ["model", "basic_pipe", "pipe"];
    private static readonly string[] Onwards =
    [
        "samples",
        "latent",
        "latents",
        "latent_image",
        "latent1",
        "pixels",
        "images",
        "image",
        "sampler_inputs",
    ];

    private readonly ComfyWorkflow _workflow;
    private readonly WorkflowValues _values;

    /// <param name="workflow">The workflow.</param>
    /// <param name="values">Its values.</param>
    /// <param name="output">The node that gives the clip; null when it is not known, and all samplers count.</param>
    public ClipSamplers(ComfyWorkflow workflow, WorkflowValues values, string? output)
    {
        (_workflow, _values) = (workflow, values);
        var all = AllOf(workflow).ToList();
        if (output is null || !workflow.Nodes.TryGetValue(output, out var saver))
        {
            (Main, Others) = (all, []);
            return;
        }

        var main = new HashSet<string>();
        foreach (var sampler in Behind([saver], throughSamplers: false).Where(IsSampler))
        {
            for (ComfyNode? one = sampler; one is not null && main.Add(one.Id); one = Before(one)) { }
        }

        Main = [.. all.Where(sampler => main.Contains(sampler.Id))];
        var behind = Behind(Main, throughSamplers: true).Select(node => node.Id).ToHashSet();
        Others = [.. all.Where(sampler => behind.Contains(sampler.Id) && !main.Contains(sampler.Id))];
    }

    /// <summary>The samplers whose latents become the clip.</summary>
    public IReadOnlyList<ComfyNode> Main { get; }

    /// <summary>Samplers that make something for it, such as the picture that it begins with.</summary>
    public IReadOnlyList<ComfyNode> Others { get; }

    /// <summary>All samplers of a workflow, whatever they make.</summary>
    public static IEnumerable<ComfyNode> AllOf(ComfyWorkflow workflow) => workflow.Nodes.Values.Where(IsSampler);

    /// <summary>The frame counts' names.</summary>
    public static IReadOnlyList<string> FrameCounts { get; } = ["length", "num_frames"];

    /// <summary>Whether a node says how large and how long a clip is.</summary>
    public static bool IsMeasured(ComfyNode node) =>
        node.Inputs.ContainsKey("width") && node.Inputs.ContainsKey("height") && FrameCounts.Any(node.Inputs.ContainsKey);

    /// <summary>The sampler whose latents another one continues from.</summary>
    public ComfyNode? Before(ComfyNode sampler)
    {
        var node = _values.Target(sampler, Starts);
        for (var depth = 0; depth < Depth && node is not null && !IsMeasured(node); depth++)
        {
            if (IsSampler(node))
            {
                return node == sampler ? null : node;
            }

            node = _values.Target(node, Onwards) ?? _values.HandedOn(node);
        }

        return null;
    }

    /// <summary>All nodes that some nodes depend on, those that lie behind a sampler only if asked for.</summary>
    public IEnumerable<ComfyNode> Behind(IEnumerable<ComfyNode> nodes, bool throughSamplers)
    {
        var (seen, open) = (new HashSet<string>(), new Queue<ComfyNode>(nodes));
        while (open.TryDequeue(out var node))
        {
            foreach (var link in node.Links().Where(seen.Add))
            {
                if (_workflow.Nodes.TryGetValue(link, out var next))
                {
                    yield return next;
                    if (throughSamplers || !IsSampler(next))
                    {
                        open.Enqueue(next);
                    }
                }
            }
        }
    }

    /// <summary>Whether a node samples.</summary>
    public static bool IsSampler(ComfyNode node) =>
        (node.ClassType.Contains("Sampler", StringComparison.OrdinalIgnoreCase) && Marks.Any(node.Inputs.ContainsKey))
        || (Settings.All(node.Inputs.ContainsKey) && Networks.Any(name => node.LinkOf(name) is not null));
}
