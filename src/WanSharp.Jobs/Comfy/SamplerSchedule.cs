namespace WanSharp.Jobs.Comfy;

/// <summary>
/// How many steps a sampler takes, and from which to which: its own inputs, and those of the nodes that make its schedule; and what else
/// counts these steps on the way to it.
/// </summary>
/// <remarks>
/// Inputs: ComfyUI nodes.py (KSamplerAdvanced), comfy_extras/nodes_custom_sampler.py (SplitSigmas), ComfyUI-WanVideoWrapper
/// nodes_sampler.py.
/// </remarks>
internal sealed class SamplerSchedule
{
    private const string StepsName = StepInputs.Count;

    // "cfg": guidance may come as a list with a value for each step.
    private static readonly string[] Links = ["sigmas", "sigmas_1", "sigmas_2", "scheduler", "cfg"];
    private static readonly string[] Timing = ["sigmas", "scheduler"];
    private static readonly string[] Ends = ["end_at_step", "end_step", "steps_to_run"];

    private readonly WorkflowValues _values;
    private readonly List<ComfyInput> _steps = [];
    private readonly List<CountedStep> _counted = [];

    /// <param name="sampler">The sampler.</param>
    /// <param name="values">The workflow's values.</param>
    /// <param name="behind">All nodes that it depends on, as far as the samplers before it.</param>
    public SamplerSchedule(ComfyNode sampler, WorkflowValues values, IEnumerable<ComfyNode> behind)
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
            AddNamed(node, isOfSchedule: true);
        }

        foreach (var node in behind.Where(node => !nodes.Contains(node)))
        {
            AddNamed(node, isOfSchedule: false);
        }

        string? Named(string? link) => link is null ? null : $"{link} of {sampler} comes from {values.Target(sampler, link)}";
    }

    /// <summary>The sampler.</summary>
    public ComfyNode Sampler { get; }

    /// <summary>Why the number of steps cannot be set; null when it can.</summary>
    public string? Gap { get; private set; }

    /// <summary>What else on the way to the sampler may count its steps, and would not move with them; null when nothing does.</summary>
    public string? GapBeside { get; private set; }

    /// <summary>The inputs that hold the number of steps.</summary>
    public IReadOnlyList<ComfyInput> Steps => _steps;

    /// <summary>The input that holds the number that counts; null when there is none.</summary>
    public ComfyInput? Effective { get; }

    /// <summary>The steps that inputs name: where samplers take turns, and others that move with the number of steps.</summary>
    public IReadOnlyList<CountedStep> Counted => _counted;

    /// <summary>Whether the sampler ends before the last step, so that another one continues.</summary>
    public bool EndsEarly { get; private set; }

    private double? Count => Effective is { } input ? _values.NumberIn(input) : null;

    private void AddSteps(ComfyNode node)
    {
        if (StepInputs.ChangesNumber(node))
        {
            Gap ??= $"{node} may make more steps or fewer than it is asked for";
            return;
        }

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
                .Where(node => !StepInputs.ChangesNumber(node))
                .Select(node => _values.Number(node, StepsName)?.Input)
                .FirstOrDefault(input => input is not null);
            if (held is not null || link == "sigmas")
            {
                return held;
            }
        }

        return _values.Number(Sampler, StepsName)?.Input;
    }

    /// <summary>Adds the steps that a node's inputs name, or why they cannot be moved.</summary>
    private void AddNamed(ComfyNode node, bool isOfSchedule)
    {
        EndsEarly |= isOfSchedule && node.ClassType == "SplitSigmas";
        if (StepInputs.IsOfEachStep(node))
        {
            Miss($"{node} gives a list with a number for each step, which stays as it is", isOfSchedule: false);
        }

        foreach (var name in node.Inputs.Select(input => input.Key))
        {
            switch (StepInputs.Of(node, name, isOfSchedule))
            {
                case StepMeaning.Turn when _values.Number(node, name) is { } source:
                    AddTurn(node, name, source);
                    break;
                case StepMeaning.Part when _values.Number(node, name) is { } source && source.ComputedBy != node: // which is no number
                    _counted.Add(new CountedStep(new ComfyInput(node.Id, name), source, Effective, IsTurn: false));
                    break;
                case StepMeaning.Count when !isOfSchedule && _values.Number(node, name)?.Input is { } count:
                    _steps.Add(count);
                    break;
                case StepMeaning.List when node.Inputs[name].Text() is not { } text || text.Any(char.IsAsciiDigit):
                    Miss($"{node} has {name}, a list of steps that stays as it is", isOfSchedule);
                    break;
                case StepMeaning.Unknown when !MovesOrStays(node, name, isOfSchedule):
                    Miss($"{node} has {name}, whose effect on the steps is unknown", isOfSchedule);
                    break;
            }
        }
    }

    private void AddTurn(ComfyNode node, string name, ValueSource source)
    {
        _counted.Add(new CountedStep(new ComfyInput(node.Id, name), source, Effective, IsTurn: true));
        EndsEarly |= Ends.Contains(name) && (source.Input is not { } held || (_values.NumberIn(held) is > 0 and var end && end < Count));
    }

    /// <summary>Whether an input that may count steps is no number, moves by itself, or means the first or the last step.</summary>
    private bool MovesOrStays(ComfyNode node, string name, bool isOfSchedule) =>
        _values.Number(node, name) switch
        {
            { ComputedBy: { } by } => by == node || _values.DependsOn(by, _steps.Select(input => input.Node).ToHashSet()),
            { Input: { } held } => _steps.Contains(held) || (!isOfSchedule && _values.NumberIn(held) is 0 or -1),
            _ => true,
        };

    private void Miss(string gap, bool isOfSchedule)
    {
        if (isOfSchedule)
        {
            Gap ??= gap;
        }
        else
        {
            GapBeside ??= gap;
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
