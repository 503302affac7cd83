using WanSharp.Engine.Requests;
using WanSharp.Models;
using WanSharp.Tensors;

namespace WanSharp.Engine.Presets;

/// <summary>Applies presets to requests for a model.</summary>
/// <remarks>Thread-safe. Looks for files when it is asked, because they may appear while the program runs.</remarks>
public sealed class PresetChoice
{
    private const string Hub = "Hugging Face";
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

        var (name, preset) = Catalog.Find(asked);
        var form =
            preset.FormFor(NamesOf(model))
            ?? throw new InvalidRequestException(
                "preset",
                $"The preset {name} is for {string.Join(", ", preset.ModelNames)}, and this model is {model.Name}: leave it out, or choose "
                    + $"one of `wan presets --model`."
            );
        var settings = Without(form.Settings, request, model);
        var wanted = WithLoras(request, name, form, model);
        return SettingFields.Fill(wanted with { Preset = name }, settings);
    }

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
    internal static bool IsDistilled(WanModel model) => NamesOfFile(model).Any(DistilledNames.AreIn);

    /// <summary>The names of a checkpoint, and of the folders that are its own: those above them say nothing of it.</summary>
    private static IEnumerable<string> NamesOfFile(WanModel model)
    {
        var path = Path.GetFullPath(model.Parts.Transformer);
        var folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(model.Folder));
        string?[] names = [Path.GetFileName(path), Path.GetFileName(Path.GetDirectoryName(path)), Path.GetFileName(folder)];
        return names
            .OfType<string>()
            .Concat(path.Split(Path.DirectorySeparatorChar).Where(part => part.StartsWith(CachedRepository, StringComparison.Ordinal)));
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
        if (request is not { Sigmas: null, Timesteps: null })
        {
            settings = settings with { Sigmas = null, Timesteps = null, Steps = null, Shift = null };
        }

        return model.HasExperts ? settings : settings with { Boundary = null, HighNoiseGuidanceScale = null };
    }

    private static string? MergedIn(PresetForm form, WanModel model) =>
        form.Merged.FirstOrDefault(part => NamesOfFile(model).Any(name => name.Contains(part, StringComparison.OrdinalIgnoreCase)));

    /// <summary>
    /// A request with the preset's LoRAs before its own. Where it names one of those itself, or the preset's are missing and it names
    /// another that was distilled, its own are all there are.
    /// </summary>
    private static T WithLoras<T>(T request, string name, PresetForm form, WanModel model)
        where T : ClipSettings
    {
        if (form.Loras.Count == 0 || MergedIn(form, model) is not null)
        {
            return request;
        }

        List<string> own =
        [
            .. new[] { request.Loras, request.HighNoiseLoras, request.LowNoiseLoras }
                .SelectMany(uses => uses ?? [])
                .Select(use => use.File),
        ];
        if (form.Loras.SelectMany(loras => loras.Files).Any(file => own.Any(one => IsNameOf(one, file))))
        {
            return request;
        }

        return FindLoras(form, model) is { } found ? With(request, found)
            : own.Any(one => DistilledNames.AreIn(Path.GetFileName(one))) ? request
            : throw new InvalidRequestException("preset", $"The preset {name} needs {Missing(form, model)}");
    }

    /// <summary>Whether a name, which may have folders and lack the extension, is a file's.</summary>
    private static bool IsNameOf(string name, string file)
    {
        var last = name.Replace('\\', '/').Split('/')[^1];
        return last.Equals(file, StringComparison.OrdinalIgnoreCase)
            || last.Equals(Path.GetFileNameWithoutExtension(file), StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The first LoRAs that are all there, with their paths; null if none are.</summary>
    private static Found? FindLoras(PresetForm form, WanModel model)
    {
        foreach (var loras in form.Loras)
        {
            var paths = loras.Files.ToDictionary(file => file, file => model.Loras.FindFile(file, loras.Repository));
            if (paths.Values.All(path => path is not null))
            {
                return new Found(loras, paths!);
            }
        }

        return null;
    }

    private static T With<T>(T request, Found found)
        where T : ClipSettings
    {
        var loras = found.Loras;
        return request with
        {
            Loras = Joined(loras.File, loras.Strength, request.Loras),
            HighNoiseLoras = Joined(loras.High, loras.HighStrength, request.HighNoiseLoras),
            LowNoiseLoras = Joined(loras.Low, loras.LowStrength, request.LowNoiseLoras),
        };

        LoraUses? Joined(string? file, string strength, LoraUses? own) =>
            file is not null && LoraStrength.TryParse(strength, out var parsed)
                ? new LoraUses([new LoraUse(found.Paths[file], parsed), .. own ?? []])
                : own;
    }

    /// <summary>What is missing, the command that fetches it, and where files belong that are there already.</summary>
    private static string Missing(PresetForm form, WanModel model)
    {
        var hub = model.Loras.Hub;
        var first =
            form.Loras.FirstOrDefault(loras => loras.Repository is { } known && hub?.FindAlias(known, [.. loras.Files]) is not null)
            ?? form.Loras[0];
        string[] files = [.. first.Files];
        var (them, home) = (files.Length == 1 ? "it" : "them", model.Loras.Home);
        return string.Join(" and ", files)
            + (
                first.Repository is not { } repository ? $", which the model should have: put {them} into {home}."
                : hub is null ? $" of {repository} ({Hub}): put {them} into {home}, or name another LoRA that was distilled."
                : $" of {repository} ({Hub}): `{hub.PullLine(repository, files)}` fetches {them}. Or put {them} into {home}, or name "
                    + "another LoRA that was distilled."
            );
    }

    private sealed record Found(PresetLoras Loras, IReadOnlyDictionary<string, string> Paths);
}
