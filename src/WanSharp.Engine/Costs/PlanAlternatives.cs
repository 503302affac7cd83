using System.Globalization;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Engine.Sampling;
using WanSharp.Engine.StepCaches;
using WanSharp.Models;
using WanSharp.Tensors;
using static System.FormattableString;

namespace WanSharp.Engine.Costs;

/// <summary>
/// Finds cheaper alternatives to a request: a smaller size that the model was made for, fewer frames, fewer steps, steps that are
/// estimated, no second branch.
/// </summary>
public static class PlanAlternatives
{
    // Below it, halving again leaves a clip of another kind.
    private const int FewestSteps = 8;

    /// <summary>The alternatives that cost less than the plan, each with one thing changed.</summary>
    /// <param name="costs">The model's costs.</param>
    /// <param name="model">The model.</param>
    /// <param name="request">What was asked for.</param>
    /// <param name="plan">Its plan.</param>
    /// <param name="machine">The machine's speed.</param>
    /// <param name="eightBit">The model's costs with 8-bit integers, where those are an alternative.</param>
    /// <param name="inMemory">
    /// A plan as it runs in the memory that may be used; throws <see cref="InvalidRequestException"/> where it cannot. Null: memory
    /// is no matter.
    /// </param>
    /// <param name="mostBytes">The most private memory that one may take; null for any.</param>
    public static IReadOnlyList<PlanAlternative> Of(
        CostModel costs,
        WanModel model,
        GenerationRequest request,
        GenerationPlan plan,
        Calibration machine,
        CostModel? eightBit = null,
        Func<CostModel, GenerationPlan, GenerationPlan>? inMemory = null,
        long? mostBytes = null
    )
    {
        ArgumentNullException.ThrowIfNull(costs);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(plan);
        var seconds = costs.Predict(plan, machine).Seconds;
        var changed = Candidates(model, request, plan.Settings)
            .Select(other => (other.Options, Costs: costs, Plan: (Func<GenerationPlan>)(() => costs.Sketch(other.Request))));
        var narrow = eightBit is null
            ? []
            : new[] { (Options: "--precision int8", Costs: eightBit, Plan: (Func<GenerationPlan>)(() => plan)) };
        return
        [
            .. changed
                .Concat(narrow)
                .Select(other => Cost(other.Options, other.Costs, other.Plan))
                .OfType<PlanAlternative>()
                .Where(other => other.Seconds < seconds && !(other.PrivateBytes > mostBytes)),
        ];

        PlanAlternative? Cost(string options, CostModel costs, Func<GenerationPlan> sketch)
        {
            try
            {
                var other = sketch();
                var cost = costs.Predict(inMemory?.Invoke(costs, other) ?? other, machine);
                return new PlanAlternative(options, cost.Seconds, cost.PrivateBytes);
            }
            catch (InvalidRequestException)
            {
                return null; // it does not fit, however it runs, or what else was asked for does not go with it
            }
        }
    }

    private static IEnumerable<(string Options, GenerationRequest Request)> Candidates(
        WanModel model,
        GenerationRequest request,
        GenerationSettings settings
    )
    {
        if (SmallerSize(model, settings) is var (width, height))
        {
            yield return (Invariant($"--size {width}x{height}"), request with { Width = width, Height = height });
        }

        var stride = model.Vae.TemporalStride;
        var frames = ((settings.Frames - 1) / (2 * stride) * stride) + 1;
        if (frames > 1)
        {
            yield return (Invariant($"--frames {frames}"), request with { Frames = frames, Seconds = null });
        }

        if (settings.Steps >= 2 * FewestSteps && settings is { Sigmas: null, Timesteps: null })
        {
            // A sampler of second order needs fewer steps than Euler's method.
            var sampler = settings.Sampler == Samplers.NameOf(SamplerKind.Euler) ? Samplers.NameOf(SamplerKind.UniPc) : settings.Sampler;
            var change = sampler == settings.Sampler ? "" : $" --sampler {sampler}";
            yield return (
                Invariant($"--steps {settings.Steps / 2}{change}"),
                request with
                {
                    Steps = settings.Steps / 2,
                    Sampler = sampler,
                }
            );
        }

        if (settings.StepCache is null && request.StepCache is null && settings.Steps >= 2 * FewestSteps)
        {
            yield return ("--step-cache auto", request with { StepCache = StepCacheSetting.Auto });
        }
    }

    /// <summary>The largest of the model's sizes that is smaller and as wide for its height; else half of both sides.</summary>
    private static (int Width, int Height)? SmallerSize(WanModel model, GenerationSettings settings)
    {
        var isWide = settings.Width > settings.Height;
        var published = ModelVariant.All.TryGetValue(model.Name, out var variant) ? variant.Sizes : [];
        var smaller = published
            .Select(Parse)
            .Where(size => size.Width * size.Height < settings.Width * settings.Height && size.Width > size.Height == isWide)
            .OrderByDescending(size => size.Width * size.Height)
            .ToList();
        if (smaller is [var best, ..])
        {
            return best;
        }

        var (width, height) = (Half(settings.Width, model.PixelStrideX), Half(settings.Height, model.PixelStrideY));
        return width > 0 && height > 0 ? (width, height) : null;
    }

    private static int Half(int side, int stride) => side / (2 * stride) * stride;

    private static (int Width, int Height) Parse(string size)
    {
        var sides = size.Split('x');
        return (int.Parse(sides[0], CultureInfo.InvariantCulture), int.Parse(sides[1], CultureInfo.InvariantCulture));
    }
}
