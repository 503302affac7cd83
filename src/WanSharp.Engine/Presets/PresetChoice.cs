using WanSharp.Engine.Requests;
using WanSharp.Models;
using WanSharp.Runtime;
using WanSharp.Tensors;

namespace WanSharp.Engine.Presets;

/// <summary>Applies presets to requests for a model.</summary>
/// <remarks>Thread-safe. Looks for files when it is asked, because they may appear while the program runs.</remarks>
public sealed class PresetChoice
{
    private const string CachedRepository = "models--"; // what folders of repositories begin with in Hugging Face's cache

    // Dimensions of published transformers: a model of others is like none of them, whatever its kind.
    private static readonly long[] PublishedDims = [1536, 3072, 5120];

    private readonly Lazy<PresetCatalog> _catalog;

    /// <summary>A choice among presets. Their LoRAs are looked for where the model's are.</summary>
    /// <param name="catalog">The presets.</param>
    public PresetChoice(PresetCatalog catalog)
        : this(new Lazy<PresetCatalog>(catalog)) { }

    private PresetChoice(Lazy<PresetCatalog> catalog) => _catalog = catalog;

    /// <summary>The shipped presets, whose LoRAs are looked for next to the model. They are read when a request names one.</summary>
    public static PresetChoice Default { get; } = new(new Lazy<PresetCatalog>(() => PresetCatalog.Shipped));

    /// <summary>The presets.</summary>
    public PresetCatalog Catalog => _catalog.Value;

    /// <summary>A request with what its preset sets and it leaves open itself; the same request where it names none.</summary>
    /// <param name="request">The request.</param>
    /// <param name="model">The model.</param>
    /// <param name="notes">Receives what was taken for what the preset needs because of a name alone, a line each.</param>
    /// <exception cref="InvalidRequestException">There is no such preset, it is for other models, or its LoRAs are missing.</exception>
    public T Apply<T>(T request, WanModel model, ICollection<string>? notes = null)
        where T : ClipSettings
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(model);
        if (request.Preset is not { } asked)
        {
            return request;
        }

        var (name, form) = Find(asked, model);
        notes ??= [];
        RequireDistilled(request, name, form, model, notes);
        var (wanted, loras) = MergedIn(form, model) is null
            ? new PresetLoraChoice(name, form, model).Join(request, notes)
            : (request, null);
        return SettingFields.FillAndJoin(wanted with { Preset = name }, Without(form.SettingsWith(loras), request, model));
    }

    /// <summary>What a preset is for a model.</summary>
    /// <exception cref="InvalidRequestException">There is no such preset, or it is for other models.</exception>
    internal PresetForm FormOf(string name, WanModel model) => Find(name, model).Form;

    /// <summary>
    /// What clips of some presets are for, where the forms of all of them for the model say the same; null otherwise.
    /// </summary>
    /// <param name="presets">The clips' presets, in their styles; null for a clip without one.</param>
    /// <param name="model">The model.</param>
    public Precision? PrecisionFor(IEnumerable<string?> presets, WanModel model)
    {
        ArgumentNullException.ThrowIfNull(presets);
        ArgumentNullException.ThrowIfNull(model);
        var forms = presets.Distinct(StringComparer.OrdinalIgnoreCase).Select(name => FindForm(name, model)?.Precision).ToList();
        return forms is [{ } first, ..] && forms.TrueForAll(precision => precision == first) ? Precision.Find(first) : null;
    }

    /// <summary>What a clip loses by an engine of another precision than its preset is for; null where they agree.</summary>
    internal string? PrecisionNote(string? preset, WanModel model, string precision) =>
        FindForm(preset, model)?.Precision is { } wanted && wanted != precision
            ? $"The preset {preset} is for --precision {wanted}, and this clip is made in {precision}: it is not as fast, or not as close "
                + "to the model's own clips, as was measured."
            : null;

    /// <summary>What can be used with a model.</summary>
    public IEnumerable<PresetState> StatesFor(WanModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        foreach (var (name, preset) in Catalog.All)
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
                _ when PresetLoraChoice.FindWhole(form, model) is { } found => new PresetState(
                    name,
                    preset,
                    true,
                    true,
                    $"with {string.Join(" and ", found.Files)}"
                ),
                _ => new PresetState(name, preset, true, false, $"needs {PresetLoraChoice.Missing(form, model)}"),
            };
        }
    }

    /// <summary>What a preset is for a model; null for none, an unknown one, or one for other models.</summary>
    private PresetForm? FindForm(string? name, WanModel model) =>
        name is not null && Catalog.FindByAnyName(name) is { } found ? found.Preset.FormFor(NamesOf(model)) : null;

    private (string Name, PresetForm Form) Find(string asked, WanModel model)
    {
        var (name, preset) = Catalog.Find(asked);
        return (
            name,
            preset.FormFor(NamesOf(model))
                ?? throw new InvalidRequestException(
                    "preset",
                    $"The preset {name} is for {string.Join(", ", preset.ModelNames)}, and this model is {model.Name}: leave it out, or "
                        + "choose one of `wan presets --model`."
                )
        );
    }

    /// <summary>The presets whose checkpoint a model is by its name, or whose LoRAs a request names.</summary>
    internal IEnumerable<string> NamesFor(ClipSettings request, WanModel model) =>
        Catalog
            .All.Where(preset =>
                preset.Value.FormFor(NamesOf(model)) is { } form
                && (MergedIn(form, model) is not null || PresetLoraChoice.AnyIsNamed(form, request))
            )
            .Select(preset => preset.Key);

    /// <summary>Refuses a preset whose steps only a distilled checkpoint can take, where nothing says that the model is one.</summary>
    private static void RequireDistilled(ClipSettings request, string name, PresetForm form, WanModel model, ICollection<string> notes)
    {
        if (form is not { Loras.Count: 0, Merged.Count: > 0 } || MergedIn(form, model) is not null)
        {
            return;
        }

        var wanted = $"checkpoints with {string.Join(" or ", form.Merged)} in their name or folder";
        if (!IsDistilled(model) && !DistilledNames.CoverAll(request, model.HasExperts))
        {
            throw new InvalidRequestException(
                "preset",
                $"The preset {name} is for {wanted}, and {model.Parts.Transformer} has neither that nor another name of a distilled one. "
                    + "If it is one, rename its folder; otherwise, name a LoRA that was distilled, or choose one of `wan presets --model`."
            );
        }

        notes.Add(
            $"The preset {name} is for {wanted}: "
                + (IsDistilled(model) ? Path.GetFileName(model.Parts.Transformer) : "the base with your LoRA")
                + " stands in for one, because its name says that it was distilled. Compare a clip of the model's own settings."
        );
    }

    /// <summary>Whether a checkpoint's name or folder says that it was distilled: it makes clips in few steps.</summary>
    internal static bool IsDistilled(WanModel model) => DistilledNames.Say(NamesOfFile(model), DistilledNames.AreIn);

    /// <summary>The names of a checkpoint, and of the folders that are its own: those above them say nothing of it.</summary>
    private static List<string> NamesOfFile(WanModel model)
    {
        var path = Path.GetFullPath(model.Parts.Transformer);
        var folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(model.Folder));
        string?[] names = [Path.GetFileName(path), Path.GetFileName(Path.GetDirectoryName(path)), Path.GetFileName(folder)];
        var repository = path.Split(Path.DirectorySeparatorChar).Where(part => part.StartsWith(CachedRepository, StringComparison.Ordinal));
        return [.. names.OfType<string>().Concat(repository)];
    }

    /// <summary>The names by which a model may be known: its own, and that of the published network that it is.</summary>
    internal static List<string> NamesOf(WanModel model)
    {
        var isPublished = PublishedDims.Contains(model.Transformer.Dim);
        return isPublished ? [model.Name, ModelVariant.Of(model.Transformer, model.HasExperts).Name] : [model.Name];
    }

    /// <summary>The settings of a preset that a request does not say in another way, and that the model has a use for.</summary>
    private static ClipSettings Without(ClipSettings settings, ClipSettings request, WanModel model)
    {
        settings = PresetForm.WithoutSteps(settings, request);
        return model.HasExperts ? settings : SettingFields.Without(settings, field => field is { ForExperts: true, OfSteps: true });
    }

    private static string? MergedIn(PresetForm form, WanModel model)
    {
        var names = NamesOfFile(model);
        return form.Merged.FirstOrDefault(part => DistilledNames.Say(names, name => DistilledNames.Says(name, part)));
    }
}
