namespace WanSharp.Jobs.Comfy;

/// <summary>
/// Finds what a job fills in, by following links back from the samplers: those of ComfyUI's own nodes, in the usual and the
/// custom-sampling form, and of the wrapper's for Wan.
/// </summary>
internal sealed class WorkflowGuess(ComfyWorkflow workflow)
{
    /// <summary>Links are followed no further: workflows of strangers may go in circles.</summary>
    private const int Depth = 32;

    private static readonly string[] Texts = ["text", "prompt", "value", "string"];
    private static readonly string[] Numbers = ["value", "int", "float", "number", "seed"];
    private static readonly string[] ImageLinks = ["image", "images", "pixels"];
    private static readonly string[] FrameCounts = ["length", "num_frames"];

    // In the order in which they are taken for the clip's.
    private static readonly string[] Savers = ["SaveVideo", "VHS_VideoCombine", "SaveWEBM", "SaveAnimatedWEBP", "SaveAnimatedPNG"];

    private readonly List<ComfyNode> _samplers =
        [.. workflow.Nodes.Values.Where(node => node.ClassType.Contains("Sampler", StringComparison.Ordinal) && new[] { "positive", "guider", "text_embeds" }.Any(node.Inputs.ContainsKey))];

    public ComfyMapping ToMapping()
    {
        var prompt = Each(sampler => FindText(sampler, "positive", Depth));
        var measured = Measured();
        var inputs = new Dictionary<ComfyRole, IReadOnlyList<ComfyInput>>
        {
            [ComfyRole.Prompt] = prompt,
            [ComfyRole.Negative] = [.. Each(sampler => FindText(sampler, "negative", Depth)).Except(prompt)], // the prompt's own, when it was only zeroed
            [ComfyRole.Seed] = Each(sampler => Number(sampler, "seed") ?? Number(sampler, "noise_seed") ?? Through(sampler, ["noise"], "noise_seed")),
            [ComfyRole.Width] = Distinct(measured.Select(node => Number(node, "width"))),
            [ComfyRole.Height] = Distinct(measured.Select(node => Number(node, "height"))),
            [ComfyRole.Frames] = Distinct(measured.SelectMany(node => FrameCounts.Select(name => Number(node, name)))),
            [ComfyRole.Fps] = Distinct(workflow.Nodes.Values.SelectMany(node => new[] { Number(node, "fps"), Number(node, "frame_rate") })),
            [ComfyRole.Steps] = Each(sampler => Number(sampler, "steps") ?? Through(sampler, ["sigmas"], "steps")),
            [ComfyRole.Guidance] = Each(sampler => Number(sampler, "cfg") ?? Through(sampler, ["guider"], "cfg")),
            [ComfyRole.GuidanceHigh] = Distinct(_samplers.Where(AddsNoiseForAnother).Select(sampler => Number(sampler, "cfg"))),
            [ComfyRole.Sampler] = Each(sampler => Literal(sampler, "sampler_name", Texts) ?? Through(sampler, ["sampler"], "sampler_name")),
            [ComfyRole.Shift] = Distinct(workflow.Nodes.Values
                .Where(node => _samplers.Contains(node) || node.ClassType.StartsWith("ModelSampling", StringComparison.Ordinal)).Select(node => Number(node, "shift"))),
            [ComfyRole.Image] = Images("start_image"),
            [ComfyRole.LastImage] = Images("end_image"),
        };
        return new ComfyMapping { Inputs = inputs.Where(role => role.Value.Count > 0).ToDictionary(), Output = Output() };
    }

    /// <summary>The text that becomes a sampler's conditioning, through whatever passes it on.</summary>
    private ComfyInput? FindText(ComfyNode? node, string side, int depth)
    {
        if (node is null || depth == 0)
        {
            return null;
        }

        foreach (var link in new[] { side, "guider", "text_embeds" })
        {
            if (Target(node, link) is { } target)
            {
                return FindText(target, side, depth - 1);
            }
        }

        return Literal(node, $"{side}_prompt", Texts)
            ?? Literal(node, "text", Texts)
            ?? Literal(node, "prompt", Texts)
            ?? FindText(Target(node, "conditioning"), side, depth - 1);
    }

    /// <summary>Whether a sampler begins with noise and leaves some for another: the expert for high noise.</summary>
    private static bool AddsNoiseForAnother(ComfyNode sampler) =>
        (sampler.Inputs["add_noise"].Text(), sampler.Inputs["return_with_leftover_noise"].Text()) is ("enable", "enable");

    private ComfyInput? Number(ComfyNode? node, string input) => Literal(node, input, Numbers);

    /// <summary>An input's value, of the node itself or of one that only holds a value for it.</summary>
    private ComfyInput? Literal(ComfyNode? node, string input, string[] names)
    {
        for (var depth = 0; depth < Depth && node is not null; depth++)
        {
            if (node.HasValue(input))
            {
                return new ComfyInput(node.Id, input);
            }

            node = Target(node, input);
            input = names.FirstOrDefault(name => node?.Inputs.ContainsKey(name) == true, "");
        }

        return null;
    }

    /// <summary>A value of a node that is found by following links of some names.</summary>
    private ComfyInput? Through(ComfyNode node, string[] links, string input)
    {
        var current = node;
        for (var depth = 0; depth < Depth; depth++)
        {
            current = links.Select(link => Target(current, link)).FirstOrDefault(target => target is not null);
            if (current is null)
            {
                return null;
            }

            if (Number(current, input) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    /// <summary>The nodes that say how large and how long the clip is: those that the samplers depend on, if any of them does.</summary>
    private List<ComfyNode> Measured()
    {
        var all = workflow.Nodes.Values.Where(node => node.Inputs.ContainsKey("width") && node.Inputs.ContainsKey("height") && FrameCounts.Any(node.Inputs.ContainsKey)).ToList();
        var behind = new HashSet<string>();
        var open = new Queue<ComfyNode>(_samplers);
        while (open.TryDequeue(out var node))
        {
            foreach (var link in node.Links().Where(behind.Add))
            {
                if (workflow.Nodes.TryGetValue(link, out var next))
                {
                    open.Enqueue(next);
                }
            }
        }

        var used = all.Where(node => behind.Contains(node.Id)).ToList();
        return used.Count > 0 ? used : all;
    }

    private List<ComfyInput> Images(string link) => Distinct(workflow.Nodes.Values.Select(node =>
        Target(node, link) is not { } source ? null
        : IsLoader(source) ? new ComfyInput(source.Id, "image")
        : LoaderBehind(source) is { } loader ? new ComfyInput(loader.Id, "image") : null));

    private ComfyNode? LoaderBehind(ComfyNode node)
    {
        ComfyNode? current = node;
        for (var depth = 0; depth < Depth && current is not null && !IsLoader(current); depth++)
        {
            current = ImageLinks.Select(link => Target(current, link)).FirstOrDefault(target => target is not null);
        }

        return current is not null && IsLoader(current) ? current : null;
    }

    private static bool IsLoader(ComfyNode node) => node.ClassType.StartsWith("LoadImage", StringComparison.Ordinal) && node.HasValue("image");

    private string? Output() => Savers
        .Select(saver => workflow.Nodes.Values.FirstOrDefault(node => node.ClassType == saver)?.Id).FirstOrDefault(id => id is not null)
        ?? workflow.Nodes.Values.FirstOrDefault(node => node.ClassType.Contains("Save", StringComparison.Ordinal) && node.ClassType.Contains("Video", StringComparison.Ordinal))?.Id;

    private ComfyNode? Target(ComfyNode node, string link) => node.LinkOf(link) is { } id ? workflow.Nodes.GetValueOrDefault(id) : null;

    private List<ComfyInput> Each(Func<ComfyNode, ComfyInput?> find) => Distinct(_samplers.Select(find));

    private static List<ComfyInput> Distinct(IEnumerable<ComfyInput?> inputs) => [.. inputs.OfType<ComfyInput>().Distinct()];
}
