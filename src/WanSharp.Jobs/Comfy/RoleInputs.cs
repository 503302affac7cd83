namespace WanSharp.Jobs.Comfy;

/// <summary>The inputs that take one setting, gathered sampler by sampler, and the first place where it cannot go.</summary>
internal sealed class RoleInputs
{
    private readonly List<ComfyInput> _inputs = [];

    /// <summary>
    /// The inputs, each once; none if there is a <see cref="Gap"/>, because a setting that reaches some samplers only makes another clip.
    /// </summary>
    public IReadOnlyList<ComfyInput> Inputs => Gap is null ? _inputs : [];

    /// <summary>The inputs that the clip's own samplers have the setting from, whatever else it would have to reach.</summary>
    public IReadOnlyList<ComfyInput> Known => _inputs;

    /// <summary>Why the setting does not reach all places that it must; null when it does.</summary>
    public string? Gap { get; private set; }

    /// <summary>Why not all of the clip's own samplers have the setting from an input; null when they do.</summary>
    public string? OwnGap { get; private set; }

    /// <summary>Whether the gap is a value that the workflow computes: worth saying before a job asks for it.</summary>
    public bool IsComputed { get; private set; }

    /// <summary>
    /// The input at which the gap is; null when it is none. A mapping may name it: a value that is set takes the place of a link.
    /// </summary>
    public ComfyInput? Place { get; private set; }

    /// <summary>Adds an input.</summary>
    public void Add(ComfyInput input)
    {
        if (!_inputs.Contains(input))
        {
            _inputs.Add(input);
        }
    }

    /// <summary>Adds where a node's input has its value from.</summary>
    /// <param name="source">The source; null when the node has no such input.</param>
    /// <param name="node">The node.</param>
    /// <param name="name">The input's name.</param>
    public void Add(ValueSource? source, ComfyNode node, string name)
    {
        switch (source)
        {
            case null:
                Miss($"{node} has no {name}");
                break;
            case { Input: { } input }:
                Add(input);
                break;
            case { ComputedBy: { } other }:
                Miss(
                    other == node ? $"{name} of {node} is not a plain value" : $"{name} of {node} comes from {other}",
                    isComputed: true,
                    new ComfyInput(node.Id, name)
                );
                break;
        }
    }

    /// <summary>Notes a place that the setting does not reach; the first one counts.</summary>
    public void Miss(string gap, bool isComputed = false, ComfyInput? place = null)
    {
        OwnGap ??= gap;
        if (Gap is null)
        {
            (Gap, IsComputed, Place) = (gap, isComputed, place);
        }
    }

    /// <summary>Notes a place other than the clip's own samplers that a job's setting would have to reach, too.</summary>
    public void MissBeside(string gap) => Gap ??= gap;
}
