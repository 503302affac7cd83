namespace WanSharp.Jobs.Comfy;

/// <summary>
/// How many steps a sampler takes, and from which to which: its own inputs, and those of the nodes that make its schedule.
/// </summary>
/// <remarks>
/// Inputs: ComfyUI nodes.py (KSamplerAdvanced), comfy_extras/nodes_custom_sampler.py (SplitSigmas), ComfyUI-WanVideoWrapper
/// nodes_sampler.py.
/// </remarks>
internal sealed class SamplerSchedule
{
    private const string StepsName = "steps";

    // "cfg": guidance may come as a list with a value for each step.
    private static readonly string[] Links = ["sigmas", "sigmas_1", "sigmas_2", "scheduler", "cfg"];
    private static readonly string[] Timing = ["sigmas", "scheduler"];
    private static readonly string[] Bounds = ["start_at_step", "end_at_step", "start_step", "end_step", "steps_to_run"];
    private static readonly string[] Ends = ["end_at_step", "end_step", "steps_to_run"];

    private readonly WorkflowValues _values;
    private readonly List<ComfyInput> _steps = [];
    private readonly List<SwitchBound> _bounds = [];

    public SamplerSchedule(ComfyNode sampler, WorkflowValues values)
    {
        (Sampler, _values) = (sampler, values);
        var nodes = Nodes(sampler, Links);
        foreach (var node in nodes)
        {
            AddSteps(node);
        }

        Effective = EffectiveSteps();
        if (Effective is null)
        {
            Gap ??= Named(Timing.FirstOrDefault(name => values.Target(sampler, name) is not null)) is { } from
                ? from
                : $"{sampler} has no {StepsName}";
        }

        foreach (var node in nodes)
        {
            AddBounds(node);
        }

        string? Named(string? link) => link is null ? null : $"{link} of {sampler} comes from {values.Target(sampler, link)}";
    }

    /// <summary>The sampler.</summary>
    public ComfyNode Sampler { get; }

    /// <summary>Why the number of steps cannot be set; null when it can.</summary>
    public string? Gap { get; private set; }

    /// <summary>The inputs that hold the number of steps.</summary>
    public IReadOnlyList<ComfyInput> Steps => _steps;

    /// <summary>The input that holds the number that counts; null when there is none.</summary>
    public ComfyInput? Effective { get; }

    /// <summary>Where samplers take turns.</summary>
    public IReadOnlyList<SwitchBound> Switches => _bounds;

    /// <summary>Whether the sampler ends before the last step, so that another one continues.</summary>
    public bool EndsEarly { get; private set; }

    private double? Count => Effective is { } input ? _values.NumberIn(input) : null;

    private void AddSteps(ComfyNode node)
    {
        switch (_values.Number(node, StepsName))
        {
            case { Input: { } input }:
                _steps.Add(input);
                break;
            case { ComputedBy: { } other }:
                Gap ??= $"{StepsName} of {node} comes from {other}";
                break;
        }
    }

    /// <summary>A schedule that comes from elsewhere counts, not the sampler's own number.</summary>
    private ComfyInput? EffectiveSteps()
    {
        foreach (var link in Timing.Where(link => _values.Target(Sampler, link) is not null))
        {
            var held = Nodes(_values.Target(Sampler, link)!, Links)
                .Select(node => _values.Number(node, StepsName)?.Input)
                .FirstOrDefault(input => input is not null);
            if (held is not null || link == "sigmas")
            {
                return held;
            }
        }

        return _values.Number(Sampler, StepsName)?.Input;
    }

    private void AddBounds(ComfyNode node)
    {
        var isSplit = node.ClassType == "SplitSigmas";
        EndsEarly |= isSplit;
        foreach (
            var name in node
                .Inputs.Select(input => input.Key)
                .Where(name => name != StepsName && name.Contains("step", StringComparison.OrdinalIgnoreCase))
        )
        {
            if (_values.Number(node, name) is not { } source || (!Bounds.Contains(name) && !(isSplit && name == "step")))
            {
                if (node.Inputs[name].Number() is not null)
                {
                    Gap ??= $"{node} has {name}, whose effect on the steps is unknown";
                }

                continue;
            }

            _bounds.Add(new SwitchBound(new ComfyInput(node.Id, name), source, Effective));
            EndsEarly |=
                Ends.Contains(name) && (source.Input is not { } held || (_values.NumberIn(held) is > 0 and var end && end < Count));
        }
    }

    private List<ComfyNode> Nodes(ComfyNode first, string[] links)
    {
        var found = new List<ComfyNode>();
        var open = new Queue<ComfyNode>([first]);
        while (open.TryDequeue(out var node))
        {
            if (!found.Contains(node))
            {
                found.Add(node);
                foreach (var next in links.Select(link => _values.Target(node, link)).OfType<ComfyNode>())
                {
                    open.Enqueue(next);
                }
            }
        }

        return found;
    }
}
