using System.Text.RegularExpressions;
using WanSharp.Models.Loras;
using WanSharp.Tensors;

namespace WanSharp.Models.Layout;

/// <summary>
/// Where tools keep a model's other parts: next to the transformer, and in folders of known names there and in the folders above,
/// whatever their case. The nearest place that has a part decides.
/// </summary>
internal static partial class PartPlaces
{
    // A collection: models/diffusion_models/video/wan/2.2/i2v/file, and some more.
    private const int MostSteps = 10;

    // Above this many steps, a folder's own files are looked at only if it has folders of parts: downloads are not a model.
    private const int StepsWithFiles = 2;

    private const int ContainerDepth = 2;

    // Names without case and separators. Sources: the folders of official checkpoints and of Diffusers; Comfy-Org/ComfyUI:
    // folder_paths.py; mcmonkeyprojects/SwarmUI:src/Core/Settings.cs; lllyasviel/stable-diffusion-webui-forge:models;
    // deepbeepmeep/Wan2GP:ckpts; ModelTC/LightX2V; invoke-ai/InvokeAI.
    private static readonly HashSet<string> Containers = ["models", "ckpts", "splitfiles"];

    private static readonly HashSet<string> TransformerFolders =
    [
        "transformer",
        "transformer2",
        "highnoisemodel",
        "lownoisemodel",
        "diffusionmodels",
        "unet",
        "checkpoints",
        "stablediffusion",
        "highnoise",
        "lownoise",
    ];

    // Source: modelscope/DiffSynth-Studio:diffsynth/pipelines/wan_video.py.
    private static readonly string[] SharedFolders =
    [
        Path.Combine("DiffSynth-Studio", "Wan-Series-Converted-Safetensors"),
        Path.Combine("Wan-AI", "Wan2.1-T2V-1.3B", "google"),
    ];

    /// <summary>A folder, and the folders in it that are searched for parts, each with how deep.</summary>
    internal readonly record struct Place(string Folder, IReadOnlyList<(string Folder, int Depth)> Searched);

    /// <summary>The places around a folder, the nearest first.</summary>
    public static IEnumerable<Place> Around(string start)
    {
        foreach (var (step, folder) in Above(start).Index())
        {
            List<(string Folder, int Depth)> folders =
            [
                .. Below(folder, HoldsParts, ContainerDepth),
                .. SharedIn(folder),
                .. ExtraPaths.In(folder, ExtraPaths.Parts).Select(extra => (extra, ModelFiles.Deepest)),
            ];
            if (step <= StepsWithFiles || folders.Count > 0)
            {
                folders.Insert(0, (folder, 0));
            }

            if (folders.Count > 0)
            {
                yield return new Place(folder, folders);
            }
        }
    }

    /// <summary>Where a download tool keeps what the models in a folder share.</summary>
    private static IEnumerable<(string Folder, int Depth)> SharedIn(string folder) =>
        SharedFolders
            .Select(shared => Path.Combine(folder, shared))
            .Concat(
                FolderSearch
                    .Folders(folder)
                    .Where(child => HubRepository().IsMatch(Path.GetFileName(child)))
                    .Select(child => Path.Combine(child, "snapshots"))
            )
            .Where(Directory.Exists)
            .Select(shared => (shared, ModelFiles.Deepest));

    /// <summary>The folders with LoRAs in a folder, and in its containers, whatever their case.</summary>
    public static IEnumerable<string> LorasIn(string folder) =>
        Below(folder, LoraPlaces.IsOne, ContainerDepth)
            .Select(place => place.Folder)
            .Where(LoraPlaces.IsOne)
            .Concat(ExtraPaths.In(folder, ExtraPaths.Loras));

    /// <summary>The folders with LoRAs around a folder, the nearest first.</summary>
    public static IEnumerable<string> LorasAround(string start) => Above(start).SelectMany(LorasIn);

    /// <summary>A folder and those above it that may be a collection's.</summary>
    public static IEnumerable<string> Above(string start)
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var folder = Path.GetFullPath(start);
        for (var step = 0; step < MostSteps && folder is not null; step++, folder = Path.GetDirectoryName(folder))
        {
            if (step > 0 && (folder == home || Path.GetDirectoryName(folder) is null))
            {
                yield break;
            }

            yield return folder;
        }
    }

    /// <summary>Where the transformers of a folder of models are kept.</summary>
    public static IReadOnlyList<(string Folder, int Depth)> Transformers(string folder) =>
        [
            (folder, 0),
            .. Below(folder, HoldsTransformers, ContainerDepth),
            .. ExtraPaths.In(folder, ExtraPaths.Transformers).Select(extra => (extra, ModelFiles.Deepest)),
        ];

    /// <summary>
    /// The folders in which the other expert of a transformer may be, the nearest first: its own, that of its twin, those that collect
    /// transformers, the one above its own.
    /// </summary>
    public static IReadOnlyList<(string Folder, int Depth)> Siblings(string file)
    {
        var own = Path.GetDirectoryName(Path.GetFullPath(file))!;
        List<(string, int)> places = [(own, 1)];
        if (ExpertNames.TwinOf(file) is var (twin, _))
        {
            places.Add((Path.GetDirectoryName(twin)!, 0));
        }

        var folder = own;
        for (var step = 0; step < MostSteps && folder is not null; step++, folder = Path.GetDirectoryName(folder))
        {
            if (HoldsTransformers(folder))
            {
                places.Add((folder, ModelFiles.Deepest));
            }
        }

        var above = Path.GetDirectoryName(own);
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        if (above is not null && Path.GetDirectoryName(above) is not null && above != home)
        {
            places.Add((above, 2));
        }

        return places;
    }

    /// <summary>The snapshot that a folder of Hugging Face's cache stands for; other folders stand for themselves.</summary>
    /// <exception cref="CheckpointException">It has several snapshots, and nothing says which is meant.</exception>
    public static string SnapshotOf(string folder)
    {
        var repository = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        repository = Path.GetFileName(repository) == "snapshots" ? Path.GetDirectoryName(repository)! : repository;
        var snapshots = FolderSearch.Folders(Path.Combine(repository, "snapshots"));
        string[] others = ["refs", "blobs"];
        if (snapshots.Count == 0 || !others.Any(name => Directory.Exists(Path.Combine(repository, name))))
        {
            return folder;
        }

        var main = Path.Combine(repository, "refs", "main");
        var named = File.Exists(main) && FileFacts.Of(main).Length < 200 ? PlainFile.ReadAllText(main).Trim() : "";
        return snapshots.FirstOrDefault(snapshot => Path.GetFileName(snapshot) == named)
            ?? (
                snapshots.Count == 1
                    ? snapshots[0]
                    : throw new CheckpointException(
                        folder,
                        $"it has {snapshots.Count} snapshots, and refs/main names none of them; name one: {PathList.Of(snapshots)}."
                    )
            );
    }

    /// <summary>
    /// Whether a folder is called after parts. One with transformers of its own is another model's, whatever it is called: its parts are
    /// not for this one.
    /// </summary>
    private static bool HoldsParts(string folder) =>
        PartWords().IsMatch(Path.GetFileName(folder)) && !FolderSearch.Folders(folder).Any(HoldsTransformers);

    private static bool HoldsTransformers(string folder) => TransformerFolders.Contains(NameOf(folder));

    private static string NameOf(string folder) => FileWords.Plain(Path.GetFileName(folder));

    private static IEnumerable<(string Folder, int Depth)> Below(string folder, Func<string, bool> isWanted, int containers)
    {
        foreach (var child in FolderSearch.Folders(folder))
        {
            if (isWanted(child))
            {
                yield return (child, ModelFiles.Deepest);
            }
            else if (containers > 0 && Containers.Contains(NameOf(child)))
            {
                yield return (child, 0);
                foreach (var inner in Below(child, isWanted, containers - 1))
                {
                    yield return inner;
                }
            }
        }
    }

    // In Hugging Face's cache, of whatever organization; a GGUF's repository has no other parts.
    [GeneratedRegex("^models--.*(wan[-_. ]?(video|2[._]?[12])|umt5)", RegexOptions.IgnoreCase)]
    private static partial Regex HubRepository();

    // Words in a name, for people add their own ("Wan VAEs"); the short ones only as words of it ("eclipse", "shot5").
    [GeneratedRegex(
        @"encoder|vae|tokenizer|roberta|google|(?:(?<![a-z0-9])|(?-i:(?<=[a-z])(?=[A-Z])))(?:clip|(?:u?m)?t5(?:x+l|s)?(?![a-z0-9]))",
        RegexOptions.IgnoreCase
    )]
    private static partial Regex PartWords();
}
