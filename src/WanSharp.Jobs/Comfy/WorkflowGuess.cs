using System.Globalization;

namespace WanSharp.Jobs.Comfy;

/// <summary>
/// Finds what a job fills in, by following links back from the samplers that make the clip: those of ComfyUI's own nodes, in the usual and
/// the custom-sampling form, and of the wrapper's for Wan. A setting that does not reach all of them is not guessed, and
/// <see cref="GapOf"/> says why.
/// </summary>
internal sealed class WorkflowGuess
{
    private static readonly string[] Latents = ["samples", "latent", "latent_image"];

    private static readonly string[] ShiftingNodes = ["ModelSampling", "WanVideoScheduler"];

    private readonly ComfyWorkflow _workflow;
    private readonly WorkflowValues _values;
    private readonly ClipSamplers _samplers;
    private readonly List<SamplerSchedule> _schedules;
    private readonly Dictionary<ComfyRole, RoleInputs> _roles = [];

    /// <param name="workflow">The workflow.</param>
    /// <param name="output">The node that gives the clip; null to find it.</param>
    public WorkflowGuess(ComfyWorkflow workflow, string? output = null)
    {
        _workflow = workflow;
        _values = new WorkflowValues(workflow);
        var saver = new WorkflowOutput(workflow);
        Output = output ?? saver.Node;
        OutputGap = output is null ? saver.Gap : null;
        _samplers = new ClipSamplers(workflow, _values, Output);
        _schedules = [.. _samplers.Main.Select(ScheduleOf)];
        FindAll();
    }

    /// <summary>The node whose files are the clip; null when that is not known.</summary>
    public string? Output { get; }

    /// <summary>Why the node that writes the clip is not certain; null when it can, or none is known.</summary>
    public string? OutputGap { get; }

    /// <summary>The schedules of the samplers that make the clip.</summary>
    public IReadOnlyList<SamplerSchedule> Schedules => _schedules;

    /// <summary>The schedules of all samplers, whatever they make: a mapping may set their steps, too.</summary>
    public IEnumerable<SamplerSchedule> AllSchedules => ClipSamplers.AllOf(_workflow).Select(ScheduleOf);

    /// <summary>The workflow's values.</summary>
    public WorkflowValues Values => _values;

    /// <summary>Samplers that make something that the clip starts from, such as its first frame.</summary>
    public IReadOnlyList<ComfyNode> Others => _samplers.Others;

    public ComfyMapping ToMapping() =>
        new()
        {
            Inputs = _roles.Where(role => role.Value.Inputs.Count > 0).ToDictionary(role => role.Key, role => role.Value.Inputs),
            Output = Output,
        };

    /// <summary>
    /// Why a setting cannot be made in all places where it must; null when it can, or the workflow has nothing of the kind.
    /// </summary>
    public string? GapOf(ComfyRole role) => _roles.GetValueOrDefault(role)?.Gap;

    /// <summary>
    /// The inputs that the clip's samplers have a setting from: all that are known, also where a job could not fill them in.
    /// </summary>
    public IReadOnlyList<ComfyInput> Known(ComfyRole role) => _roles.GetValueOrDefault(role)?.Known ?? [];

    /// <summary>Why not all of the clip's samplers have a setting from an input; null when they do.</summary>
    public string? OwnGapOf(ComfyRole role) => _roles.GetValueOrDefault(role)?.OwnGap;

    /// <summary>The shift of one sampler's steps: that of the node that makes its noise levels, or its own.</summary>
    public RoleInputs ShiftOf(ComfyNode sampler)
    {
        var inputs = new RoleInputs();
        FindShift(_values.Target(sampler, "sigmas") ?? sampler, inputs);
        return inputs;
    }

    /// <summary>The input at which a setting would have to be made; null when that is not known.</summary>
    public ComfyInput? PlaceOf(ComfyRole role) => _roles.GetValueOrDefault(role)?.Place;

    /// <summary>Whether the workflow computes a setting that a job may ask for.</summary>
    public bool IsComputed(ComfyRole role) => _roles.GetValueOrDefault(role)?.IsComputed == true;

    private ComfyNode? Saver => Output is null ? null : _workflow.Nodes.GetValueOrDefault(Output);

    private SamplerSchedule ScheduleOf(ComfyNode sampler) =>
        new(sampler, _values, _samplers.Behind([sampler], throughSamplers: false).Where(node => !ClipSamplers.IsSampler(node)));

    private void FindAll()
    {
        var conditioning = new SamplerConditioning(_values);
        EachSampler(ComfyRole.Prompt, (sampler, inputs) => conditioning.Find(sampler, "positive", inputs));
        var attention = new GuidedAttention(_values, conditioning);
        EachSampler(
            ComfyRole.Negative,
            (sampler, inputs) =>
            {
                conditioning.Find(sampler, "negative", inputs);
                attention.Find(sampler, inputs);
            }
        );
        foreach (var shared in _roles[ComfyRole.Negative].Known.Intersect(_roles[ComfyRole.Prompt].Known).ToList())
        {
            _roles[ComfyRole.Negative].Miss($"the negative prompt is the prompt itself, {shared}, made to zeros"); // ConditioningZeroOut
        }

        EachSampler(ComfyRole.Seed, FindSeed);
        EachSampler(ComfyRole.Steps, FindSteps);
        CheckSteps();
        EachSampler(ComfyRole.Guidance, FindGuidance);
        _roles[ComfyRole.GuidanceHigh] = HighNoise();
        EachSampler(ComfyRole.Sampler, FindSampler);
        EachSampler(ComfyRole.Shift, FindShift);
        var measured = Measured();
        Each(ComfyRole.Width, measured, (node, inputs) => inputs.Add(_values.Number(node, "width"), node, "width"));
        Each(ComfyRole.Height, measured, (node, inputs) => inputs.Add(_values.Number(node, "height"), node, "height"));
        Each(
            ComfyRole.Frames,
            measured,
            (node, inputs) =>
            {
                var name = ClipSamplers.FrameCounts.First(node.Inputs.ContainsKey);
                inputs.Add(_values.Number(node, name), node, name);
            }
        );
        AddAlike(measured);
        MissFixed(measured);
        var all = Saver is { } saver ? _samplers.Behind([saver], throughSamplers: true).Append(saver) : _workflow.Nodes.Values;
        RepeatedFrames.Miss(all, _values, _roles[ComfyRole.Frames]);
        _roles[ComfyRole.Fps] = new FrameRates(_workflow, _values, _samplers, Output).Find();
        var images = new ConditioningImages(_values, measured);
        _roles[ComfyRole.Image] = images.First();
        _roles[ComfyRole.LastImage] = images.Last();
    }

    /// <summary>
    /// Adds what has the clip's frames or size on the way to it, such as the picture or the control that it is made from: of the old number
    /// it would be cut or filled up.
    /// </summary>
    private void AddAlike(List<ComfyNode> measured)
    {
        var (frames, width, height) = (NumberOf(ComfyRole.Frames), NumberOf(ComfyRole.Width), NumberOf(ComfyRole.Height));
        foreach (var node in _samplers.Behind(_samplers.Main, throughSamplers: true).Except(measured))
        {
            foreach (var name in ClipSamplers.FrameCounts.Append("frame_load_cap"))
            {
                Add(ComfyRole.Frames, node, name, frames);
            }

            if (Held(node, "width", width) is not null && Held(node, "height", height) is not null)
            {
                Add(ComfyRole.Width, node, "width", width);
                Add(ComfyRole.Height, node, "height", height);
            }
        }

        ComfyInput? Held(ComfyNode node, string name, double? number) =>
            number is not null && _values.Number(node, name)?.Input is { } input && _values.NumberIn(input) == number ? input : null;

        void Add(ComfyRole role, ComfyNode node, string name, double? number)
        {
            if (Held(node, name, number) is { } input)
            {
                _roles[role].Add(input);
            }
        }
    }

    private double? NumberOf(ComfyRole role) =>
        _roles[role].Known.Select(_values.NumberIn).Distinct().Take(2).ToList() is [var number] ? number : null;

    /// <summary>
    /// Finds what has a size or a number of frames of its own between a sampler and the clip, or between samplers: the clip would be
    /// stretched or cut to it, unless it is the clip's and goes with it.
    /// </summary>
    private void MissFixed(List<ComfyNode> measured)
    {
        ComfyNode[] after = Saver is { } saver ? [saver, .. _samplers.Behind([saver], throughSamplers: false)] : [];
        var between = _samplers.Behind(_samplers.Main, throughSamplers: true).Where(node => _values.Target(node, Latents) is not null);
        foreach (var node in after.Concat(between).Except(measured).Except(_samplers.Main))
        {
            Miss(node, ["width"], ComfyRole.Width);
            Miss(node, ["height"], ComfyRole.Height);
            Miss(node, ClipSamplers.FrameCounts, ComfyRole.Frames);
        }

        void Miss(ComfyNode node, IEnumerable<string> names, ComfyRole role)
        {
            foreach (var name in names)
            {
                if (_values.Number(node, name)?.Input is not { } input || _values.NumberIn(input) is not (> 0 and var number))
                {
                    continue;
                }

                if (number == NumberOf(role))
                {
                    _roles[role].Add(input);
                }
                else
                {
                    _roles[role].MissBeside(string.Create(CultureInfo.InvariantCulture, $"{name} of {node} makes it {number} after that"));
                }
            }
        }
    }

    private void EachSampler(ComfyRole role, Action<ComfyNode, RoleInputs> find)
    {
        Each(role, _samplers.Main, find);
        if (_samplers.Main.Count == 0)
        {
            _roles[role].Miss("none of its nodes is known to be a sampler");
        }

        if (_samplers.Others.Count > 0)
        {
            _roles[role].MissBeside($"{_samplers.Others[0]} makes something that the clip starts from, and may need settings, too");
        }
    }

    private void Each(ComfyRole role, IEnumerable<ComfyNode> nodes, Action<ComfyNode, RoleInputs> find)
    {
        var inputs = _roles[role] = new RoleInputs();
        foreach (var node in nodes)
        {
            find(node, inputs);
        }
    }

    private void FindSeed(ComfyNode sampler, RoleInputs inputs)
    {
        if (_values.Target(sampler, "noise") is { } noise)
        {
            if (noise.Inputs.ContainsKey("noise_seed")) // DisableNoise has none, and needs none
            {
                inputs.Add(_values.Number(noise, "noise_seed"), noise, "noise_seed");
            }

            return;
        }

        var name = sampler.Inputs.ContainsKey("noise_seed") ? "noise_seed" : "seed";
        var source = _values.Number(sampler, name);
        if (source?.Input is not null || sampler.Inputs["add_noise"].Text() != "disable")
        {
            inputs.Add(source, sampler, name);
        }
    }

    private void FindSteps(ComfyNode sampler, RoleInputs inputs)
    {
        var schedule = _schedules.First(one => one.Sampler == sampler);
        foreach (var input in schedule.Steps)
        {
            inputs.Add(input);
        }

        if (schedule.Gap is { } gap)
        {
            inputs.Miss(gap, isComputed: true);
        }

        if (schedule.GapBeside is { } beside)
        {
            inputs.MissBeside(beside);
        }
    }

    /// <summary>Samplers that take turns count the same steps, and their turns must be known.</summary>
    private void CheckSteps()
    {
        var steps = _roles[ComfyRole.Steps];
        var counts = _schedules
            .Where(schedule => schedule.Effective is not null)
            .Select(schedule => (schedule.Sampler, Count: _values.NumberIn(schedule.Effective!)))
            .ToList();
        if (counts.Find(one => one.Count != counts[0].Count) is { Sampler: not null } other)
        {
            steps.Miss($"{counts[0].Sampler} takes {counts[0].Count} steps and {other.Sampler} {other.Count}");
        }

        if (StepSwitches.Unmoved(_schedules, _values, steps.Inputs) is { } unmoved)
        {
            steps.Miss(unmoved, isComputed: true);
        }
    }

    private void FindGuidance(ComfyNode sampler, RoleInputs inputs)
    {
        if (sampler.Inputs.ContainsKey("cfg_high_noise") && sampler.Inputs.ContainsKey("cfg_low_noise"))
        {
            inputs.Add(_values.Number(sampler, "cfg_high_noise"), sampler, "cfg_high_noise");
            inputs.Add(_values.Number(sampler, "cfg_low_noise"), sampler, "cfg_low_noise");
            return;
        }

        var node = sampler.Inputs.ContainsKey("cfg") ? sampler : _values.Target(sampler, "guider") ?? sampler;
        inputs.Add(_values.Number(node, "cfg"), node, "cfg");
    }

    /// <summary>The guidance of the expert for high noise: of the first of two samplers, which leaves steps to the second.</summary>
    private RoleInputs HighNoise()
    {
        var inputs = new RoleInputs();
        if (_samplers.Main is [var single] && single.Inputs.ContainsKey("cfg_high_noise"))
        {
            inputs.Add(_values.Number(single, "cfg_high_noise"), single, "cfg_high_noise");
            return inputs;
        }

        var first = _samplers
            .Main.Where(sampler => _samplers.Before(sampler) is null && _schedules.Exists(one => one.Sampler == sampler && one.EndsEarly))
            .ToList();
        if (_samplers.Main.Count == 2 && first.Count == 1)
        {
            FindGuidance(first[0], inputs);
        }
        else
        {
            inputs.Miss(
                _samplers.Main.Count > 2
                    ? $"it has {_samplers.Main.Count} samplers, and which of them are for high noise is not known"
                    : "it does not have two samplers that share the steps"
            );
        }

        return inputs;
    }

    private void FindSampler(ComfyNode sampler, RoleInputs inputs)
    {
        var isWrapper = sampler.ClassType.StartsWith("WanVideo", StringComparison.Ordinal);
        var (node, name) = isWrapper
            ? (sampler, SamplerNames.WrapperInput)
            : (sampler.Inputs.ContainsKey("sampler_name") ? sampler : _values.Target(sampler, "sampler") ?? sampler, "sampler_name");
        inputs.Add(_values.Text(node, name), node, name);
    }

    /// <summary>The shift nearest to the sampler, of its own or of the nodes that its model and schedule come through.</summary>
    private void FindShift(ComfyNode sampler, RoleInputs inputs)
    {
        var (found, end) = (false, sampler);
        var (seen, open) = (new HashSet<string>(), new Queue<ComfyNode>([sampler]));
        while (open.TryDequeue(out var node))
        {
            var name = node.Inputs.ContainsKey("sigma_shift") ? "sigma_shift" : "shift";
            var isHere =
                node.Inputs.ContainsKey(name)
                && (node == sampler || ShiftingNodes.Any(prefix => node.ClassType.StartsWith(prefix, StringComparison.Ordinal)));
            if (isHere)
            {
                inputs.Add(_values.Number(node, name), node, name);
                found = true;
            }

            string[] links = isHere
                ? node == sampler
                    ? ["scheduler"]
                    : []
                : ["model", "guider", "sigmas", "scheduler"];
            var targets = links.Select(link => _values.Target(node, link)).OfType<ComfyNode>().ToList();
            if (targets.Count == 0 && !isHere)
            {
                (end, targets) = (node, _values.HandedOn(node) is { } behind ? [behind] : []);
            }

            targets.FindAll(next => seen.Add(next.Id)).ForEach(open.Enqueue);
        }

        if (!found)
        {
            inputs.Miss($"{sampler} has no shift, nor has its model{(end == sampler ? "" : $" as far as it is followed, to {end}")}");
        }
    }

    /// <summary>The nodes that say how large and how long the clip is: those that the samplers depend on, if any of them does.</summary>
    private List<ComfyNode> Measured()
    {
        var used = _samplers.Behind(_samplers.Main, throughSamplers: true).Where(ClipSamplers.IsMeasured).ToList();
        return used.Count > 0 ? used : [.. _workflow.Nodes.Values.Where(ClipSamplers.IsMeasured)];
    }
}
