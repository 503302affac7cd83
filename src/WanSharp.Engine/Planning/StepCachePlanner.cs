using System.Globalization;
using System.Text;
using WanSharp.Engine.Denoising;
using WanSharp.Engine.Presets;
using WanSharp.Engine.Requests;
using WanSharp.Engine.StepCaches;
using WanSharp.Models;
using WanSharp.Models.Loras;
using WanSharp.Storage;
using WanSharp.Tensors;

namespace WanSharp.Engine.Planning;

/// <summary>Makes of <c>--step-cache</c> what a clip does: its policy with all numbers, and the steps that it skips.</summary>
internal static class StepCachePlanner
{
    private const string Field = "step-cache";
    private const int FewSteps = 12;

    // The share of the steps of 50 that EasyCache's code computes first, and its threshold.
    private static readonly KnownStepCache.EasyData UsualEasy = new(0.05, 0.2);

    /// <summary>The plan with its step cache; the same plan where none is asked for.</summary>
    /// <param name="plan">The plan, LoRAs included.</param>
    /// <param name="request">What is asked for, preset applied.</param>
    /// <param name="model">The model.</param>
    /// <param name="guidance">How the steps are guided.</param>
    /// <param name="timesteps">The steps' timesteps.</param>
    /// <exception cref="InvalidRequestException">A number is out of its range, or the policy lacks data about the network.</exception>
    public static GenerationPlan Apply(
        GenerationPlan plan,
        ClipSettings request,
        WanModel model,
        StepGuidance guidance,
        ReadOnlySpan<float> timesteps
    )
    {
        if (request.StepCache is not { Policy: not StepCachePolicy.OffName } setting)
        {
            return plan;
        }

        RequireRanges(setting);
        var network = NetworkData.Of(model, plan.Settings.Width, plan.Settings.Height);
        var why = "";
        if (setting.Policy == StepCachePolicy.AutoName)
        {
            (setting, why) = Choose(plan.Settings, request, model, network);
            if (setting.Policy == StepCachePolicy.OffName)
            {
                return plan with { Warnings = [.. plan.Warnings, $"The step cache is off: {why}."] };
            }
        }

        if (setting.Policy == StepCachePolicy.FirstBlockName && plan.Windows is not null)
        {
            throw new InvalidRequestException(
                Field,
                $"'{setting.Policy}' keeps what a block made of each frame, and the windows of --context-frames begin elsewhere in each "
                    + "step: choose easy, spectrum or taylor."
            );
        }

        setting = Filled(setting, network, plan.Settings.Steps);
        RequireRanges(setting); // of a file, too
        var course = CourseOf(plan, guidance);
        var cache = PlanOf(setting, plan, model, network, course, timesteps) with { Why = why };
        plan = plan with
        {
            StepCache = cache,
            Settings = plan.Settings with { StepCache = setting, StepCacheData = network.DigestOf(setting.Policy) },
        };
        return cache.SkippedSteps.Count > 0
            ? plan
            : plan with
            {
                Warnings = [.. plan.Warnings, $"The step cache {setting} skips none of these {plan.Settings.Steps} steps."],
            };
    }

    /// <summary>What is known about a model's network, for clips of a size; null for nothing.</summary>
    public static KnownStepCache? KnownOf(WanModel model, int width, int height) => NetworkData.Of(model, width, height).Known;

    /// <summary>Which steps' passes are not those of the step before.</summary>
    private static StepCourse CourseOf(GenerationPlan plan, StepGuidance guidance)
    {
        var changes = new bool[plan.Settings.Steps];
        for (var step = 0; step < changes.Length; step++)
        {
            changes[step] =
                step == 0
                || step == plan.HighNoiseSteps
                || guidance.BranchesAt(step) != guidance.BranchesAt(step - 1)
                || !guidance.SkippedAt(step).SequenceEqual(guidance.SkippedAt(step - 1))
                || plan.Loras.Loras.Any(lora => IsUsed(lora.Expert, plan, step) && lora.Strength.At(step) != lora.Strength.At(step - 1));
        }

        return new StepCourse(changes, plan.HighNoiseSteps);
    }

    private static bool IsUsed(LoraExpert? expert, GenerationPlan plan, int step) =>
        expert is null || (expert == LoraExpert.High) == (step < plan.HighNoiseSteps);

    /// <summary>What <c>auto</c> means.</summary>
    private static (StepCacheSetting Setting, string Why) Choose(
        GenerationSettings settings,
        ClipSettings request,
        WanModel model,
        NetworkData network
    )
    {
        if (settings.Steps < FewSteps)
        {
            return (StepCacheSetting.Off, string.Create(CultureInfo.InvariantCulture, $"{settings.Steps} steps are few, and each counts"));
        }

        if (PresetChoice.IsDistilled(model) || Planning.FewSteps.NamesDistilled(request))
        {
            return (StepCacheSetting.Off, "a name says that the model was distilled, and its steps are far apart");
        }

        return network.Known is { Auto: { } auto } known
            ? (StepCacheSetting.Parse(auto, CultureInfo.InvariantCulture), known.Why ?? $"{KnownStepCache.FileName} says so")
            : (new StepCacheSetting(StepCachePolicy.EasyName), $"nothing is known about {model.Name}, and EasyCache needs no calibration");
    }

    /// <summary>The setting with all numbers.</summary>
    private static StepCacheSetting Filled(StepCacheSetting setting, NetworkData network, int steps)
    {
        var policy = StepCachePolicy.All.First(policy => policy.Name == setting.Policy);
        var known = network.Known;
        var easy = known?.Easy ?? UsualEasy;
        double?[] usual = setting.Policy switch
        {
            StepCachePolicy.EasyName => [easy.Threshold, Math.Max(2, Math.Round(easy.WarmUp * steps))],
            StepCachePolicy.TeaName => [known?.Tea?.Threshold],
            StepCachePolicy.TeaRetainedName => [known?.TeaRetained?.Threshold],
            StepCachePolicy.MagName => [known?.Mag?.Threshold, known?.Mag?.Skips, known?.Mag?.Retention],
            _ => [.. policy.Numbers.Select(number => number.Usual)],
        };
        return new StepCacheSetting(
            policy.Name,
            policy.Numbers.Select((_, i) => i < setting.Values.Count ? setting.Values[i] : usual[i] ?? throw NoData(setting, network))
        );
    }

    private static StepCachePlan PlanOf(
        StepCacheSetting setting,
        GenerationPlan plan,
        WanModel model,
        NetworkData network,
        StepCourse course,
        ReadOnlySpan<float> timesteps
    )
    {
        const int FirstOfTea = 1;
        const int FirstOfTeaRetained = 5;
        var values = setting.Values;
        switch (setting.Policy)
        {
            case StepCachePolicy.EasyName:
                return Of(Expected(course, (int)values[1]), forecast: null);
            case StepCachePolicy.FirstBlockName:
                return Of(Expected(course, (int)values[2]), forecast: null);
            case StepCachePolicy.SpectrumName:
                return Of(StepSchedule.Spectrum(course, values[0], values[1], (int)values[2], values[3]), new ChebyshevForecast());
            case StepCachePolicy.TaylorName:
                var order = (int)values[1];
                return Of(StepSchedule.Taylor(course, (int)values[0], order, (int)values[2]), new TaylorForecast(order));
            case StepCachePolicy.MagName:
                var mag = network.Known?.Mag ?? throw NoData(setting, network);
                var recorded = plan.GivenFrames.Count > 0 && mag.ImageRatios is { } own ? own : mag.Ratios;
                var ratios = StepSchedule.Resample(recorded, course.Count);
                return Of(StepSchedule.Mag(course, ratios, values[0], (int)values[1], values[2], mag.LowNoiseOnly), new TaylorForecast(0));
            default:
                var isRetained = setting.Policy == StepCachePolicy.TeaRetainedName;
                var tea = (isRetained ? network.Known?.TeaRetained : network.Known?.Tea) ?? throw NoData(setting, network);
                var changes = ChangesOf(model, course, timesteps, isRetained);
                var (first, last) = isRetained ? (FirstOfTeaRetained, 0) : (FirstOfTea, 1);
                return Of(StepSchedule.Tea(course, changes, tea.Coefficients, values[0], first, last), new TaylorForecast(0));
        }

        StepCachePlan Of(bool[] skips, IStepForecast? forecast) =>
            new()
            {
                Setting = setting,
                IsKnownBefore = forecast is not null,
                SkippedSteps = [.. Enumerable.Range(0, skips.Length).Where(step => skips[step] && plan.StepBranches[step] > 0)],
                Course = course,
                Forecast = forecast,
            };
    }

    /// <summary>What is expected where the clip decides: every other step after the warm-up.</summary>
    private static bool[] Expected(StepCourse course, int warmUp)
    {
        const int Computed = 2; // after a change
        return [.. Enumerable.Range(0, course.Count).Select(IsEven)];

        bool IsEven(int step) =>
            step - Math.Max(warmUp, course.Since(step) + Computed) is var free and >= 0 && free % 2 == 0 && step < course.Count - 1;
    }

    private static double[] ChangesOf(WanModel model, StepCourse course, ReadOnlySpan<float> timesteps, bool isProjected)
    {
        var changes = TimeSignals.Of(model, model.TransformerWeights, timesteps, isProjected);
        if (course.HighNoiseSteps == 0 || model.HighNoiseWeights is not { } highNoise)
        {
            return changes;
        }

        var first = TimeSignals.Of(model, highNoise, timesteps, isProjected);
        return [.. first.Take(course.HighNoiseSteps), .. changes.Skip(course.HighNoiseSteps)];
    }

    private static void RequireRanges(StepCacheSetting setting)
    {
        var numbers = StepCachePolicy.All.FirstOrDefault(policy => policy.Name == setting.Policy)?.Numbers ?? [];
        foreach (var (number, value) in numbers.Zip(setting.Values))
        {
            if (!number.Contains(value))
            {
                throw new InvalidRequestException(
                    Field,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"The {number.Name} of '{setting}' is {(number.IsWhole ? "a whole number" : "a number")} from {number.Least} to "
                            + $"{number.Most}, not {value}."
                    )
                );
            }
        }
    }

    private static InvalidRequestException NoData(StepCacheSetting setting, NetworkData network) =>
        new(
            Field,
            $"'{setting.Policy}' needs numbers that were measured with the network, and there are none for {network.Name}: choose easy, "
                + "spectrum or auto"
                + (setting.Policy == StepCachePolicy.MagName ? ", or record them with `wan bench step-cache --record`." : ".")
        );

    /// <summary>What is known about the model's network.</summary>
    /// <param name="Name">The model.</param>
    /// <param name="Known">What; null for nothing.</param>
    /// <param name="Own">What the file next to the model says of it; null where there is none.</param>
    private sealed record NetworkData(string Name, KnownStepCache? Known, KnownStepCache? Own)
    {
        private const int DigestLength = 16;

        private static readonly KnownStepCache Nothing = new();

        public static NetworkData Of(WanModel model, int width, int height)
        {
            var file = Path.Combine(
                Directory.Exists(model.Folder) ? model.Folder : Path.GetDirectoryName(Path.GetFullPath(model.Folder))!,
                KnownStepCache.FileName
            );
            var names = PresetChoice.NamesOf(model);
            var larger = names
                .Select(name => ModelVariant.All.GetValueOrDefault(name))
                .Where(variant => variant?.Larger is not null && width * height > variant.Defaults.Width * variant.Defaults.Height)
                .Select(variant => variant!.Larger!);
            var shipped = larger.Concat(names).Select(KnownStepCache.Of).FirstOrDefault(known => known is not null);
            var own = KnownStepCache.ReadFile(file);
            return new NetworkData(model.Name, own?.Over(shipped) ?? shipped, own);
        }

        /// <summary>
        /// Identifies what a policy takes from the file and the setting does not say in its numbers; null where that is nothing.
        /// </summary>
        public string? DigestOf(string policy)
        {
            var part = policy switch
            {
                StepCachePolicy.MagName => new KnownStepCache { Mag = Own?.Mag },
                StepCachePolicy.TeaName => new KnownStepCache { Tea = Own?.Tea },
                StepCachePolicy.TeaRetainedName => new KnownStepCache { TeaRetained = Own?.TeaRetained },
                _ => Nothing,
            };
            return part == Nothing ? null : Digests.OfBytes(Encoding.UTF8.GetBytes(part.ToJson()))[..DigestLength];
        }
    }
}
