using WanSharp.Engine.Presets;
using WanSharp.Engine.Requests;
using WanSharp.Models;
using WanSharp.Models.Layout;
using WanSharp.Models.Loras;
using WanSharp.Tensors;

namespace WanSharp.Engine.Planning;

/// <summary>Finds the LoRAs that a clip is asked to be made with, and checks that they are the model's.</summary>
internal static class ClipLoras
{
    private const string Field = "lora";

    /// <summary>The LoRAs of a request.</summary>
    /// <param name="request">What is asked for.</param>
    /// <param name="model">The model.</param>
    /// <param name="steps">How many steps the clip has.</param>
    /// <exception cref="InvalidRequestException">One is not found, is not the model's, or would do nothing.</exception>
    public static LoraPlan Plan(GenerationRequest request, WanModel model, int steps)
    {
        (LoraUses? Uses, LoraExpert? Expert)[] lists =
        [
            (request.Loras, null),
            (request.HighNoiseLoras, LoraExpert.High),
            (request.LowNoiseLoras, LoraExpert.Low),
        ];
        if (!model.HasExperts && lists.FirstOrDefault(list => list is { Uses: not null, Expert: not null }) is { Expert: { } only })
        {
            var name = $"lora-{only.ToString().ToLowerInvariant()}";
            throw new InvalidRequestException(
                name,
                $"{model.Name} has one transformer, and {name} is for one of two (Wan 2.2's A14B models): give lora instead."
            );
        }

        var (loras, notes) = (new List<PlannedLora>(), new List<string>());
        foreach (var (use, expert) in lists.SelectMany(list => (list.Uses ?? []).Select(use => (use, list.Expert))))
        {
            if (use.Strength is { IsConstant: true } && use.Strength.At(0) == 0)
            {
                continue; // as good as left out
            }

            if (!use.Strength.Acts(steps))
            {
                throw new InvalidRequestException(
                    Field,
                    $"The LoRA {use} is not active in any of the clip's {steps} steps (numbered from 0): change its steps, or leave it out."
                );
            }

            var path = model.Loras.Find(use.File);
            var lora = new PlannedLora(path, use.Strength, expert ?? ExpertOf(path, model));
            notes.AddRange(NotesOfBoth(loras, lora, model, steps));

            loras.Add(lora);
            notes.AddRange(NotesOf(lora, model));
        }

        return loras.Count == 0 ? LoraPlan.None : Needs(new LoraPlan { Loras = loras, Notes = [.. notes.Distinct()] }, model);
    }

    /// <summary>What the user should know about a LoRA together with those before it.</summary>
    private static IEnumerable<string> NotesOfBoth(List<PlannedLora> before, PlannedLora lora, WanModel model, int steps)
    {
        List<PlannedLora> met = [.. before.Where(other => MeetsIn(other, lora))];
        var name = Path.GetFileName(lora.Path);
        if (met.Exists(other => model.Loras.AreSame(other.Path, lora.Path)))
        {
            yield return $"{name} is given twice: its strengths add up. Leave one out if that is not meant.";
        }
        else if (
            DistilledNames.AreInLora(name)
            && met.Find(other => DistilledNames.AreInLora(other.Path) && ActsWith(other, lora, steps)) is { } rival
        )
        {
            yield return $"{Path.GetFileName(rival.Path)} and {name} both say that they were made for few steps, and change the same "
                + "transformer: what they do adds up. Leave one out if that is not meant.";
        }
    }

    /// <summary>Whether two LoRAs act in the same step.</summary>
    private static bool ActsWith(PlannedLora one, PlannedLora other, int steps) =>
        Enumerable.Range(0, steps).Any(step => one.Strength.At(step) != 0 && other.Strength.At(step) != 0);

    /// <summary>The only expert that a LoRA's layers are of, by their names.</summary>
    private static LoraExpert? ExpertOf(string path, WanModel model)
    {
        try
        {
            return model.HasExperts ? model.Loras.ExpertOf(path) : null;
        }
        catch (CheckpointException e)
        {
            throw new InvalidRequestException(Field, e.Message) { IsOfFile = true };
        }
    }

    private static bool MeetsIn(PlannedLora one, PlannedLora other) =>
        one.Expert is null || other.Expert is null || one.Expert == other.Expert;

    /// <summary>The experts of a model that LoRAs are made ready for.</summary>
    public static IReadOnlyList<LoraExpert?> ExpertsOf(WanModel model) => model.HasExperts ? [LoraExpert.Low, LoraExpert.High] : [null];

    /// <summary>The LoRAs that change an expert.</summary>
    public static IEnumerable<PlannedLora> For(IEnumerable<PlannedLora> loras, LoraExpert? expert) =>
        loras.Where(lora => lora.Expert is null || lora.Expert == expert);

    /// <summary>What they take, and whether they can be applied without a copy of the weights.</summary>
    private static LoraPlan Needs(LoraPlan plan, WanModel model)
    {
        foreach (var expert in ExpertsOf(model))
        {
            LoraFit[] fits = [.. For(plan.Loras, expert).Select(lora => Fit(model, lora, expert))];
            using var adapter = model.Loras.CreateAdapter(fits);
            var changed = fits.SelectMany(fit => fit.Changes.Changes.Keys).ToHashSet(StringComparer.Ordinal);
            plan = plan with
            {
                Changed = expert == LoraExpert.High ? plan.Changed : changed,
                ChangedOfHighNoise = expert == LoraExpert.High ? changed : plan.ChangedOfHighNoise,
                MergeOnly = plan.MergeOnly ?? adapter.MergeOnly,
                Bytes = Math.Max(plan.Bytes, adapter.Keeps ? adapter.ByteLength : 2 * adapter.ByteLength / model.Transformer.Layers),
                RowBytes = Math.Max(plan.RowBytes, adapter.ByteLength / model.Transformer.Layers),
            };
        }

        return plan;
    }

    private static LoraFit Fit(WanModel model, PlannedLora lora, LoraExpert? expert)
    {
        try
        {
            return model.Loras.FitOf(lora.Path, expert);
        }
        catch (CheckpointException e)
        {
            throw new InvalidRequestException(Field, e.Message) { IsOfFile = true };
        }
    }

    private static IEnumerable<string> NotesOf(PlannedLora lora, WanModel model)
    {
        var name = Path.GetFileName(lora.Path);
        if (model.HasExperts && LoraNoise.Of(lora.Path) is { } noise && noise != lora.Expert?.ToString().ToLowerInvariant())
        {
            yield return $"{name} says that it is for the {noise}-noise expert, and changes "
                + (
                    lora.Expert is null
                        ? $"both: --lora-{noise} gives it to that one alone."
                        : $"the other one: --lora-{noise} gives it to the right one."
                );
        }

        foreach (var expert in ExpertsOf(model).Where(expert => lora.Expert is null || lora.Expert == expert).Take(1))
        {
            var fit = Fit(model, lora, expert);
            if (fit is { DroppedExample: { } example, Dropped: var dropped })
            {
                yield return $"{name}: {dropped.Count} of its tensors are for parts or inputs that {model.Name} does not have, such as "
                    + $"{example}; they are left out.";
            }

            if (fit.NoEffect is { } reason)
            {
                yield return $"{name} changes nothing: {reason}.";
            }

            if (fit is { IsUnscaled: true })
            {
                yield return $"{name} was saved by PEFT, which keeps a LoRA's scale in adapter_config.json, and there is none that is "
                    + "its own: it acts at 1. Put that file next to it.";
            }
        }
    }
}
