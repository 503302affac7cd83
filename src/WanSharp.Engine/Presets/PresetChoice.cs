using WanSharp.Engine.Requests;
using WanSharp.Models;
using WanSharp.Tensors;

namespace WanSharp.Engine.Presets;

/// <summary>Applies presets to requests for a model.</summary>
/// <remarks>Thread-safe. Looks for files when it is asked, for they may come while the program runs.</remarks>
/// <param name="catalog">The presets.</param>
/// <param name="folders">Where their LoRAs are looked for.</param>
public sealed class PresetChoice(PresetCatalog catalog, LoraFolders folders)
{
    private const string Hub = "Hugging Face";

    // Dimensions of published transformers: a model of others is like none of them, whatever its kind.
    private static readonly long[] PublishedDims = [1536, 3072, 5120];

    /// <summary>The shipped presets, whose LoRAs are looked for next to the model.</summary>
    public static PresetChoice Default { get; } = new(PresetCatalog.Shipped, LoraFolders.None);

    /// <summary>The presets.</summary>
    public PresetCatalog Catalog => catalog;

    /// <summary>A request with what its preset sets and it leaves open itself; the same request where it names none.</summary>
    /// <exception cref="InvalidRequestException">There is no such preset, it is for other models, or its LoRAs are missing.</exception>
    public T Apply<T>(T request, WanModel model)
        where T : ClipSettings
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(model);
        if (request.Preset is not { } asked)
        {
            return request;
        }

        var (name, preset) = catalog.Find(asked);
        var form =
            preset.FormFor(NamesOf(model))
            ?? throw new InvalidRequestException(
                "preset",
                $"The preset {name} is for {string.Join(", ", preset.ModelNames)}, and this model is {model.Name}: leave it out, or choose "
                    + $"one of `wan presets --model`."
            );
        var settings = Without(form.Settings, request, model);
        var saysLoras = request is not { Loras: null, HighNoiseLoras: null, LowNoiseLoras: null };
        if (!saysLoras && form.Loras.Count > 0 && MergedIn(form, model) is null)
        {
            settings = With(
                settings,
                FindLoras(form, model) ?? throw new InvalidRequestException("preset", $"The preset {name} needs {Missing(form, model)}")
            );
        }

        return SettingFields.Fill(request with { Preset = name }, settings);
    }

    /// <summary>What can be used with a model.</summary>
    public IEnumerable<PresetState> StatesFor(WanModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        foreach (var (name, preset) in catalog.All)
        {
            var form = preset.FormFor(NamesOf(model));
            yield return form switch
            {
                null => new PresetState(name, preset, Fits: false, IsReady: false, $"for {string.Join(", ", preset.ModelNames)}"),
                { Loras.Count: 0 } when form.Merged.Count == 0 => new PresetState(name, preset, true, true, "needs no LoRA"),
                _ when MergedIn(form, model) is { } part => new PresetState(
                    name,
                    preset,
                    true,
                    true,
                    $"needs no LoRA, as '{part}' in the checkpoint's name says"
                ),
                { Loras.Count: 0 } => new PresetState(
                    name,
                    preset,
                    true,
                    false,
                    $"for checkpoints with {string.Join(" or ", form.Merged)} in their name or folder"
                ),
                _ when FindLoras(form, model) is { } found => new PresetState(
                    name,
                    preset,
                    true,
                    true,
                    $"with {string.Join(" and ", found.Loras.Files)}"
                ),
                _ => new PresetState(name, preset, true, false, $"needs {Missing(form, model)}"),
            };
        }
    }

    /// <summary>Whether a checkpoint's name or folder says that it was distilled: it makes clips in few steps.</summary>
    internal static bool IsDistilled(WanModel model) => DistilledNames.AreIn(model.Parts.Transformer);

    /// <summary>The names by which a model may be known: its own, and that of the published network that it is.</summary>
    internal static List<string> NamesOf(WanModel model)
    {
        var isPublished = PublishedDims.Contains(model.Transformer.Dim);
        return isPublished ? [model.Name, ModelVariant.Of(model.Transformer, model.HasExperts).Name] : [model.Name];
    }

    /// <summary>The settings of a preset that a request does not say in another way, and that the model has a use for.</summary>
    private static ClipSettings Without(ClipSettings settings, ClipSettings request, WanModel model)
    {
        if (request is not { Sigmas: null, Timesteps: null })
        {
            settings = settings with { Sigmas = null, Timesteps = null, Steps = null, Shift = null };
        }

        return model.HasExperts ? settings : settings with { Boundary = null, HighNoiseGuidanceScale = null };
    }

    private static string? MergedIn(PresetForm form, WanModel model) =>
        form.Merged.FirstOrDefault(part => Path.GetFullPath(model.Parts.Transformer).Contains(part, StringComparison.OrdinalIgnoreCase));

    /// <summary>The first LoRAs that are all there, with their paths; null if none are.</summary>
    private Found? FindLoras(PresetForm form, WanModel model)
    {
        foreach (var loras in form.Loras)
        {
            var paths = loras.Files.ToDictionary(file => file, file => folders.Find(model, loras.Repository, file));
            if (paths.Values.All(path => path is not null))
            {
                return new Found(loras, paths!);
            }
        }

        return null;
    }

    private static ClipSettings With(ClipSettings settings, Found found)
    {
        var loras = found.Loras;
        return settings with
        {
            Loras = Use(loras.File, loras.Strength),
            HighNoiseLoras = Use(loras.High, loras.HighStrength),
            LowNoiseLoras = Use(loras.Low, loras.LowStrength),
        };

        LoraUses? Use(string? file, string strength) =>
            file is not null && LoraStrength.TryParse(strength, out var parsed)
                ? new LoraUses(new LoraUse(found.Paths[file], parsed))
                : null;
    }

    private static string Missing(PresetForm form, WanModel model)
    {
        var first = form.Loras[0];
        return $"{string.Join(" and ", first.Files)} of {first.Repository} ({Hub}): put {(first.Files.Count() == 1 ? "it" : "them")} into "
            + $"{LoraFolders.For(model)}, or name LoRAs yourself.";
    }

    private sealed record Found(PresetLoras Loras, IReadOnlyDictionary<string, string> Paths);
}
