using System.Globalization;
using System.Text.Json.Nodes;
using WanSharp.Engine.Sampling;
using WanSharp.Jobs.Comfy;
using WanSharp.Tensors;
using static System.FormattableString;

namespace WanSharp.Jobs.Recipes;

/// <summary>Reads a workflow of ComfyUI: what its samplers, and all that leads to and from them, say.</summary>
internal sealed class ComfyRecipe
{
    private const string Nowhere = "no node that is known says it";
    private const string Zeros = "made to zeros";

    // What says more than the gaps of its inputs where it is read, or may be missing.
    private static readonly ComfyRole[] ReadInFull =
    [
        ComfyRole.Seed,
        ComfyRole.Steps,
        ComfyRole.GuidanceHigh,
        ComfyRole.Shift,
        ComfyRole.Fps,
    ];

    private readonly ComfyWorkflow _workflow;
    private readonly WorkflowGuess _guess;
    private readonly RecipeDraft _draft = new();
    private readonly IReadOnlyList<ComfyNode> _samplers;
    private readonly bool _isFromEditor;

    /// <param name="workflow">The workflow, in the format that the server runs.</param>
    /// <param name="isFromEditor">Whether its texts are those of the page, which resolves choices in them before it sends them.</param>
    /// <exception cref="InvalidRequestException">It has no sampler that is known.</exception>
    public ComfyRecipe(ComfyWorkflow workflow, bool isFromEditor)
    {
        _isFromEditor = isFromEditor;
        (_workflow, _guess) = (workflow, workflow.GuessFor(output: null));
        _samplers = [.. InTurn([.. _guess.Schedules.Select(schedule => schedule.Sampler)])];
        if (_samplers.Count == 0)
        {
            throw new InvalidRequestException(
                "workflow",
                $"{workflow.Source} is a workflow without a known sampler: it has "
                    + $"{string.Join(", ", workflow.Nodes.Values.Select(node => node.ClassType).Distinct().Take(20))}."
            );
        }
    }

    /// <summary>The recipe.</summary>
    public Recipe Read()
    {
        var prompt = ReadTexts();
        _draft.SetSize(Number(ComfyRole.Width), Number(ComfyRole.Height));
        _draft.SetFrames(Number(ComfyRole.Frames));
        _draft.SetFps(Number(ComfyRole.Fps));
        _draft.SetSteps(Number(ComfyRole.Steps));
        _draft.Settings = _draft.Settings with { Shift = ReadShift() };
        ReadGuidance();
        ReadSeed();
        var list = WithTurn(ReadSampler());
        if (list is not null)
        {
            _draft.SetSteps(list);
        }

        var models = ReadModels();
        NameGaps();
        var images = _guess.Known(ComfyRole.Image).Concat(_guess.Known(ComfyRole.LastImage)).Select(input => input.Node);
        new ComfyPath(_workflow, _guess, _samplers, _draft).Read([.. images]);
        var (first, last) = (File(ComfyRole.Image), File(ComfyRole.LastImage));
        return _draft.Finish("ComfyUI", prompt) with
        {
            Model = models.Count == 1 ? models[0] : null,
            HighNoiseModel = models.Count == 2 ? models[0] : null,
            LowNoiseModel = models.Count == 2 ? models[1] : null,
            Image = first,
            LastImage = last,
        };
    }

    private bool HasExperts => _samplers.Count == 2;

    private bool IsWrapper => _samplers.Any(sampler => sampler.ClassType.StartsWith("WanVideo", StringComparison.Ordinal));

    /// <summary>The samplers, each after the one whose latents it continues from.</summary>
    private IEnumerable<ComfyNode> InTurn(List<ComfyNode> samplers)
    {
        var first = _guess.Schedules.Where(schedule => schedule.EndsEarly).Select(schedule => schedule.Sampler).ToHashSet();
        return samplers.OrderBy(sampler => first.Contains(sampler) ? 0 : 1);
    }

    private string ReadTexts()
    {
        var forms =
            IsWrapper ? PromptForms.Wrapper
            : _isFromEditor ? PromptForms.ComfyEditor
            : PromptForms.Comfy;
        var negative = Texts(ComfyRole.Negative);
        if (negative.Count > 0)
        {
            _draft.Settings = _draft.Settings with { NegativePrompt = forms.Read(negative[0], "negative prompt", _draft) };
        }

        var prompt = Texts(ComfyRole.Prompt);
        return prompt.Count > 0 ? forms.Read(prompt[0], "prompt", _draft) : "";
    }

    private List<string> Texts(ComfyRole role)
    {
        var name = ComfyMapping.NameOf(role);
        List<string> texts =
        [
            .. _guess.Known(role).Select(input => ValueOf(input).Text()).OfType<string>().Distinct(StringComparer.Ordinal),
        ];
        if (texts.Count > 1)
        {
            _draft.Miss($"it has {texts.Count} texts as {name}: the first is taken");
        }
        else if (texts.Count == 0 && _guess.OwnGapOf(role) is null)
        {
            _draft.Miss($"{name}: {Nowhere}");
        }

        return texts;
    }

    /// <summary>
    /// The shift of the steps: for each sampler a node's, or ComfyUI's own, which may be another than the model's default here.
    /// </summary>
    private double? ReadShift()
    {
        if (IsWrapper)
        {
            return Number(ComfyRole.Shift);
        }

        List<double> shifts = [];
        foreach (var found in _samplers.Select(_guess.ShiftOf))
        {
            if (found.IsComputed)
            {
                _draft.Miss($"shift: {found.Gap}");
                return null;
            }

            shifts.AddRange(found.Known.Count > 0 ? found.Known.Select(ValueNumber).OfType<double>() : [ComfySchedule.WanShift]);
        }

        return First(ComfyRole.Shift, [.. shifts.Distinct()]);
    }

    /// <summary>
    /// Names each setting that a sampler has from elsewhere than an input. The number of steps is apart: what is in the way of changing it
    /// does not keep it from being read.
    /// </summary>
    private void NameGaps()
    {
        foreach (var role in Enum.GetValues<ComfyRole>().Where(role => !ReadInFull.Contains(role)))
        {
            if (_guess.OwnGapOf(role) is { } gap && !gap.Contains(Zeros, StringComparison.Ordinal))
            {
                _draft.Miss($"{ComfyMapping.NameOf(role)}: {gap}");
            }
        }

        foreach (var other in _guess.Others)
        {
            _draft.Miss($"{other} makes something that the clip starts from, which is not part of its recipe");
        }
    }

    private void ReadGuidance()
    {
        var scales = _samplers.Select(sampler => ScaleOf(sampler, ComfyRole.Guidance)).ToList();
        var high = HasExperts ? scales[0] : Number(ComfyRole.GuidanceHigh, isOptional: true);
        _draft.Settings = _draft.Settings with
        {
            GuidanceScale = (float?)scales[^1],
            HighNoiseGuidanceScale = high == scales[^1] ? null : (float?)high,
        };
    }

    /// <summary>The scale of a sampler: from its own input, or from its guider's.</summary>
    private double? ScaleOf(ComfyNode sampler, ComfyRole role)
    {
        var inputs = _guess.Known(role);
        if (_samplers.Count == 1 || inputs.Count == 1)
        {
            return inputs.Count == 0 ? null : ValueNumber(inputs[^1]);
        }

        var node = sampler.Inputs.ContainsKey("cfg") ? sampler : _guess.Values.Target(sampler, "guider") ?? sampler;
        return _guess.Values.Number(node, "cfg") is { Input: { } input } ? ValueNumber(input) : null;
    }

    private void ReadSeed()
    {
        var sampler = _samplers[0];
        var node = _guess.Values.Target(sampler, "noise") ?? sampler;
        var name = node.Inputs.ContainsKey("noise_seed") ? "noise_seed" : "seed";
        if (_guess.Values.Number(node, name) is not { Input: { } input })
        {
            _draft.Miss($"the seed: {_guess.OwnGapOf(ComfyRole.Seed) ?? $"{node} has none"}");
        }
        else if (ulong.TryParse(ValueOf(input)?.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var seed))
        {
            _draft.Settings = _draft.Settings with { Seed = seed };
        }
        else
        {
            _draft.Miss($"the seed {ValueOf(input)?.ToJsonString()} is not a whole number");
        }
    }

    /// <summary>Reads the sampler, and gives its steps as far as they are known.</summary>
    private StepList? ReadSampler()
    {
        var names = _guess.Known(ComfyRole.Sampler).Select(input => ValueOf(input).Text()).OfType<string>().Distinct().ToList();
        if (names.Count == 0)
        {
            if (_guess.OwnGapOf(ComfyRole.Sampler) is null)
            {
                _draft.Miss("the sampler: none is named");
            }

            return null;
        }

        if (names.Count > 1)
        {
            _draft.Miss($"its samplers are {string.Join(" and ", names)}: the first is taken for both");
        }

        if (!IsWrapper)
        {
            var isKSampler = _samplers[0].ClassType.Contains("KSampler", StringComparison.Ordinal);
            return _draft.SetComfySampler(names[0], Schedule(), isKSampler);
        }

        _draft.SetSampler(names[0], schedule: null);
        return _draft.Settings is { Steps: { } steps and <= Samplers.MaxSteps, Shift: { } shift } ? StepList.Usual(steps, shift) : null;
    }

    /// <summary>How the steps are spaced: of the sampler, or of the node that gives it its sigmas.</summary>
    private string? Schedule()
    {
        var node = _samplers[0];
        for (var depth = 0; depth < 8 && node is not null; depth++)
        {
            if (_guess.Values.Text(node, "scheduler") is { Input: { } input })
            {
                return ValueOf(input).Text();
            }

            node = _guess.Values.Target(node, "sigmas");
        }

        return null;
    }

    /// <summary>The transformers' files, that for high noise first, and the LoRAs on the way to them.</summary>
    private List<string> ReadModels()
    {
        List<string> models = [];
        foreach (var (sampler, index) in _samplers.Select((sampler, index) => (sampler, index)))
        {
            var chain = new ComfyModelChain(_workflow, _guess.Values, sampler);
            chain.Unknown.ToList().ForEach(_draft.Miss);
            foreach (var (file, strength) in chain.Loras)
            {
                _draft.AddLora(file, strength, HasExperts ? index == 0 : null);
            }

            if (chain.Model is { } model)
            {
                models.Add(model);
            }
        }

        if (_samplers.Count > 2)
        {
            _draft.Miss(Invariant($"it has {_samplers.Count} samplers in turn; a preset of three phases may be near (--preset)"));
        }

        return models is [var high, var low] && high == low ? [high] : models;
    }

    /// <summary>The steps with the one at which the experts take turns.</summary>
    private StepList? WithTurn(StepList? list)
    {
        var early = _guess.Schedules.FirstOrDefault(schedule => schedule.Sampler == _samplers[0]);
        if (!HasExperts || early is null || _draft.Settings is not { Steps: { } steps })
        {
            return list;
        }

        var turn = early
            .Counted.Where(step => step.IsTurn)
            .Select(bound => bound.Source.Input is { } input ? ValueNumber(input) : null)
            .FirstOrDefault(step => step > 0 && step < steps);
        if (turn is null)
        {
            _draft.Miss("at which step the experts change");
        }
        else if (list is null)
        {
            _draft.Miss(Invariant($"the experts change after {turn} steps, whose noise levels are not known"));
        }

        return turn is null ? list
            : list is null ? null
            : list with { Turn = (int)turn };
    }

    private double? Number(ComfyRole role, bool isOptional = false)
    {
        List<double> numbers = [.. _guess.Known(role).Select(ValueNumber).OfType<double>().Distinct()];
        if (numbers.Count == 0 && !isOptional)
        {
            _draft.Miss($"{ComfyMapping.NameOf(role)}: {_guess.OwnGapOf(role) ?? Nowhere}");
        }

        return First(role, numbers);
    }

    private double? First(ComfyRole role, List<double> numbers)
    {
        NameSeveral(role, numbers.ConvertAll(one => one.ToString(CultureInfo.InvariantCulture)));
        return numbers.Count > 0 ? numbers[0] : null;
    }

    private void NameSeveral(ComfyRole role, List<string> values)
    {
        if (values.Count > 1)
        {
            _draft.Miss($"{ComfyMapping.NameOf(role)}: it has {string.Join(" and ", values)}: the first is taken");
        }
    }

    private string? File(ComfyRole role)
    {
        List<string> files = [.. _guess.Known(role).Select(input => ValueOf(input).Text()).OfType<string>().Distinct()];
        NameSeveral(role, files);
        return files.FirstOrDefault();
    }

    private double? ValueNumber(ComfyInput input) => _guess.Values.NumberIn(input);

    private JsonNode? ValueOf(ComfyInput input) => _workflow.Nodes.GetValueOrDefault(input.Node)?.Inputs[input.Name];
}
