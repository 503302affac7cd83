using WanSharp.Engine.Requests;
using WanSharp.Models;
using WanSharp.Models.Loras;
using WanSharp.Tensors;

namespace WanSharp.Engine.Presets;

/// <summary>Joins a preset's LoRAs with those that a request names itself, one slot (both experts, high, low) at a time.</summary>
/// <param name="preset">The preset's name.</param>
/// <param name="form">What it is for the model.</param>
/// <param name="model">The model.</param>
internal sealed class PresetLoraChoice(string preset, PresetForm form, WanModel model)
{
    private const string Hub = "Hugging Face";

    /// <summary>The first LoRAs of a form that are all there; null if none are.</summary>
    public static PresetLoras? FindWhole(PresetForm form, WanModel model) =>
        form.Loras.FirstOrDefault(loras => loras.Slots.All(slot => PathOf(slot, loras, model) is not null));

    /// <summary>What is missing, the command that fetches it, and where files belong that are there already.</summary>
    public static string Missing(PresetForm form, WanModel model)
    {
        var hub = model.Loras.Hub;
        var first =
            form.Loras.FirstOrDefault(loras => loras.Repository is { } known && hub?.FindAlias(known, [.. loras.Files]) is not null)
            ?? form.Loras[0];
        return Missing(first, [.. first.Files], model);
    }

    /// <summary>
    /// A request with the preset's LoRAs before its own. One that the request names itself takes the place of the preset's in its slot
    /// alone, and so does another distilled one where the preset's is missing.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="notes">Receives which LoRAs take the place of missing ones because of their names.</param>
    /// <returns>The request, and which of the form's LoRAs they are; null for none.</returns>
    /// <exception cref="InvalidRequestException">A slot stays empty, or the request gives a LoRA to the wrong expert.</exception>
    public (T Request, PresetLoras? Loras) Join<T>(T request, ICollection<string> notes)
        where T : ClipSettings
    {
        if (form.Loras.Count == 0)
        {
            return (request, null);
        }

        List<Own> own = [.. OwnOf(request)];
        var named = form.Loras.Where(loras => loras.Slots.Any(slot => IsNamed(slot, loras, own))).ToList();
        foreach (var loras in named)
        {
            RequireRightSlots(loras, own);
        }

        var chosen =
            named.FirstOrDefault(loras => loras.Slots.All(slot => IsFilled(slot, loras, own)))
            ?? named.FirstOrDefault()
            ?? FindWhole(form, model)
            ?? form.Loras.FirstOrDefault(loras => loras.Slots.All(slot => HasStandIn(slot, own)));
        if (chosen is null)
        {
            throw new InvalidRequestException("preset", $"The preset {preset} needs {Missing(form, model)}");
        }

        foreach (var slot in chosen.Slots.Where(slot => !form.Loras.Any(loras => Fills(slot, loras, own))))
        {
            if (PathOf(slot, chosen, model) is { } path)
            {
                request = With(request, slot, path);
            }
            else if (StandIn(slot, own) is { } other)
            {
                notes.Add(
                    $"{Path.GetFileName(other.Use.File)} stands in for {slot.File}, which the preset {preset} was made with, because its "
                        + "name says that it was distilled: without that a few steps give haze."
                );
            }
            else
            {
                throw new InvalidRequestException("preset", $"The preset {preset} needs {Missing(chosen, [slot.File], model)}");
            }
        }

        return (request, chosen);
    }

    /// <summary>Whether the request's own LoRAs have one of a set's files in the slot that another set has, too.</summary>
    private bool Fills(PresetSlot wanted, PresetLoras loras, List<Own> own) =>
        loras.Slots.Any(slot =>
            slot.Expert == wanted.Expert && own.Any(one => one.Expert == slot.Expert && IsSame(one, slot, loras, byContent: true))
        );

    private bool IsNamed(PresetSlot slot, PresetLoras loras, List<Own> own) =>
        own.Any(one => IsSame(one, slot, loras, byContent: one.Expert == slot.Expert));

    private bool IsFilled(PresetSlot slot, PresetLoras loras, List<Own> own) =>
        form.Loras.Any(any => Fills(slot, any, own)) || PathOf(slot, loras, model) is not null || HasStandIn(slot, own);

    /// <summary>Refuses a preset's LoRA that the request gives to another expert than the preset does.</summary>
    private void RequireRightSlots(PresetLoras loras, List<Own> own)
    {
        foreach (var slot in loras.Slots)
        {
            if (own.FirstOrDefault(one => one.Expert != slot.Expert && IsSame(one, slot, loras, byContent: false)) is { } wrong)
            {
                throw new InvalidRequestException(
                    OptionOf(wrong.Expert),
                    $"{wrong.Use.File} is what the preset {preset} gives to {NameOf(slot.Expert)}: name it with --{OptionOf(slot.Expert)}, "
                        + "or leave it out."
                );
            }
        }
    }

    private static bool HasStandIn(PresetSlot slot, List<Own> own) => StandIn(slot, own) is not null;

    private static Own? StandIn(PresetSlot slot, List<Own> own) =>
        own.FirstOrDefault(one =>
            (one.Expert is null || one.Expert == slot.Expert)
            && one.Use.Strength.Acts(int.MaxValue)
            && DistilledNames.AreInLora(one.Use.File)
        );

    /// <summary>Whether a request names one of a form's LoRAs.</summary>
    public static bool AnyIsNamed(PresetForm form, ClipSettings request) =>
        new[] { request.Loras, request.HighNoiseLoras, request.LowNoiseLoras }
            .SelectMany(uses => uses ?? new LoraUses())
            .Any(use => form.Loras.Any(loras => loras.Files.Any(file => IsNameOf(use.File, file))));

    private bool IsSame(Own one, PresetSlot slot, PresetLoras loras, bool byContent) =>
        IsNameOf(one.Use.File, slot.File)
        || (one.Path is { } path && PathOf(slot, loras, model) is { } known && model.Loras.AreSame(path, known, byContent));

    /// <summary>Whether a name, which may have folders and lack the extension, is a file's.</summary>
    private static bool IsNameOf(string name, string file)
    {
        var last = name.Replace('\\', '/').Split('/')[^1];
        return last.Equals(file, StringComparison.OrdinalIgnoreCase)
            || last.Equals(Path.GetFileNameWithoutExtension(file), StringComparison.OrdinalIgnoreCase);
    }

    private static string? PathOf(PresetSlot slot, PresetLoras loras, WanModel model) =>
        model.Loras.FindFile(slot.File, loras.Repository) is { } path ? Path.GetFullPath(path) : null;

    private IEnumerable<Own> OwnOf(ClipSettings request) =>
        new (LoraUses? Uses, LoraExpert? Expert)[]
        {
            (request.Loras, null),
            (request.HighNoiseLoras, LoraExpert.High),
            (request.LowNoiseLoras, LoraExpert.Low),
        }.SelectMany(list => (list.Uses ?? []).Select(use => new Own(use, list.Expert, Found(use.File))));

    /// <summary>A LoRA's file; null for one that cannot be told, which the plan refuses later.</summary>
    private string? Found(string name)
    {
        try
        {
            return model.Loras.Find(name);
        }
        catch (InvalidRequestException)
        {
            return null;
        }
    }

    private static T With<T>(T request, PresetSlot slot, string path)
        where T : ClipSettings
    {
        if (!LoraStrength.TryParse(slot.Strength, out var strength))
        {
            throw new InvalidOperationException($"The strength {slot.Strength} was not checked.");
        }

        LoraUses Before(LoraUses? own) => new([new LoraUse(path, strength), .. own ?? []]);
        return slot.Expert switch
        {
            null => request with { Loras = Before(request.Loras) },
            LoraExpert.High => request with { HighNoiseLoras = Before(request.HighNoiseLoras) },
            _ => request with { LowNoiseLoras = Before(request.LowNoiseLoras) },
        };
    }

    private static string Missing(PresetLoras loras, string[] files, WanModel model)
    {
        var hub = model.Loras.Hub;
        var (them, home) = (files.Length == 1 ? "it" : "them", model.Loras.Home);
        return string.Join(" and ", files)
            + (
                loras.Repository is not { } repository ? $", which the model should have: put {them} into {home}."
                : hub is null ? $" of {repository} ({Hub}): put {them} into {home}, or name another LoRA that was distilled."
                : $" of {repository} ({Hub}): `{hub.PullLine(repository, [.. loras.Files])}` fetches {them}. Or put {them} into "
                    + $"{home}, or name another LoRA that was distilled."
            );
    }

    private static string OptionOf(LoraExpert? expert) => expert is { } one ? $"lora-{one.ToString().ToLowerInvariant()}" : "lora";

    private static string NameOf(LoraExpert? expert) =>
        expert is { } one ? $"the {one.ToString().ToLowerInvariant()}-noise expert" : "the whole model";

    private sealed record Own(LoraUse Use, LoraExpert? Expert, string? Path);
}
