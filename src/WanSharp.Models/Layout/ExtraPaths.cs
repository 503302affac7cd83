using System.Text.RegularExpressions;
using WanSharp.Models.Documents;
using WanSharp.Tensors;

namespace WanSharp.Models.Layout;

/// <summary>The folders that ComfyUI's <c>extra_model_paths.yaml</c> names, for models that are on another disk.</summary>
/// <remarks>Source: Comfy-Org/ComfyUI:utils/extra_config.py, folder_paths.py (names of folders).</remarks>
internal static partial class ExtraPaths
{
    private const string Base = "base_path";
    private const long MostBytes = 1 << 20;

    private static readonly string[] Names = ["extra_model_paths.yaml", "extra_model_paths.yml"];

    /// <summary>What it calls the folders of transformers.</summary>
    public static IReadOnlyList<string> Transformers { get; } = ["diffusion_models", "unet", "checkpoints"];

    /// <summary>What it calls the folders of a model's other parts.</summary>
    public static IReadOnlyList<string> Parts { get; } = ["vae", "text_encoders", "clip", "clip_vision"];

    /// <summary>What it calls the folders of LoRAs.</summary>
    public static IReadOnlyList<string> Loras { get; } = ["loras"];

    /// <summary>The folders of some kinds that the file in a folder names and that are there; none if there is no such file.</summary>
    /// <param name="folder">ComfyUI's folder, or any other.</param>
    /// <param name="kinds">What the file calls them.</param>
    public static IEnumerable<string> In(string folder, IReadOnlyList<string> kinds) =>
        Find(folder) is not { } file || Read(file, out _) is not DocumentNode.Map all
            ? []
            : all
                .Entries.Values.OfType<DocumentNode.Map>()
                .SelectMany(section => kinds.SelectMany(kind => FoldersOf(folder, section, kind)))
                .Distinct()
                .Where(Directory.Exists);

    /// <summary>What is wrong with the file in a folder, as a sentence; null if nothing is, or there is none.</summary>
    public static string? ProblemIn(string folder)
    {
        var problem = "";
        return Find(folder) is { } file && Read(file, out problem) is null && problem is not null ? $"{file} is not read: {problem}" : null;
    }

    private static string? Find(string folder) => Names.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    private static DocumentNode? Read(string file, out string? problem)
    {
        try
        {
            problem = null;
            return FileFacts.Of(file).Length <= MostBytes
                ? YamlDocument.Read(PlainFile.ReadAllText(file))
                : throw new InvalidDataException("it is too long.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            problem = e.Message;
            return null;
        }
    }

    /// <summary>A section's folders of a kind: a line each.</summary>
    private static IEnumerable<string> FoldersOf(string folder, DocumentNode.Map section, string kind)
    {
        var root = section.Entries.GetValueOrDefault(Base) is DocumentNode.Text { Value.Length: > 0 } path
            ? Path.GetFullPath(Expanded(path.Value), Path.GetFullPath(folder))
            : Path.GetFullPath(folder);
        return section.Entries.GetValueOrDefault(kind) is DocumentNode.Text text
            ? text
                .Value.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .Select(line => Path.GetFullPath(line, root))
            : [];
    }

    /// <summary>The user's folder and variables, as Python's expanduser and expandvars write them out.</summary>
    private static string Expanded(string path)
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var full = path is "~" or ['~', '/' or '\\', ..] ? home + path[1..] : path;
        return Variable().Replace(full, match => Environment.GetEnvironmentVariable(match.Groups["name"].Value) ?? match.Value);
    }

    [GeneratedRegex(@"\$(?:(?<name>\w+)|\{(?<name>\w+)\})|%(?<name>\w+)%")]
    private static partial Regex Variable();
}
