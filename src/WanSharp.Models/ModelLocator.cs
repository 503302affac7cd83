using System.Text.RegularExpressions;
using WanSharp.Models.Hub;
using WanSharp.Models.Layout;
using WanSharp.Tensors;

namespace WanSharp.Models;

/// <summary>Finds a model by name or by path.</summary>
/// <param name="searchFolders">Folders that hold model folders, the first one preferred.</param>
/// <param name="hub">Finds what is in none of them by alias or repository; null to leave that out.</param>
public sealed partial class ModelLocator(IReadOnlyList<string> searchFolders, HubModels? hub = null)
{
    /// <summary>The default model.</summary>
    public const string DefaultModel = "shapes";

    /// <summary>The folders that are searched: those given, then <c>models</c> next to the program.</summary>
    public IReadOnlyList<string> SearchFolders { get; } = [.. searchFolders, Path.Combine(AppContext.BaseDirectory, "models")];

    /// <summary>The folder or file of a model.</summary>
    /// <param name="nameOrPath">
    /// A folder or a checkpoint, the name of one in a search folder, an alias, or a repository (<c>ORG/NAME</c>) that was pulled.
    /// </param>
    /// <exception cref="CheckpointException">There is no such model; the message lists the available ones.</exception>
    public string Find(string nameOrPath)
    {
        // A folder that holds no model does not hide one of its name: clips are written to folders, too.
        // An empty name is not a model, rather than the search folder itself.
        var candidates = nameOrPath.Length == 0 ? [] : SearchFolders.Select(folder => Path.Combine(folder, nameOrPath)).Prepend(nameOrPath);
        return candidates.FirstOrDefault(IsModel)
            ?? (Path.Exists(nameOrPath) || IsNoName(nameOrPath) || IsFile(nameOrPath) ? null : hub?.FindModel(nameOrPath))
            ?? throw new CheckpointException(nameOrPath.Length > 0 ? nameOrPath : "\"\"", Missing(nameOrPath));
    }

    /// <summary>The names of the models in the search folders.</summary>
    public IReadOnlyList<string> Names() =>
        [
            .. SearchFolders
                .Where(Directory.Exists)
                .SelectMany(Directory.EnumerateDirectories)
                .Where(IsModel)
                .Select(folder => Path.GetFileName(folder))
                .Distinct()
                .Order(StringComparer.Ordinal),
        ];

    private string Missing(string nameOrPath) =>
        File.Exists(nameOrPath)
            ? PackedNames.Describe(nameOrPath) is { } packed
                ? packed + "."
                : Checkpoint.IsUnfinished(nameOrPath)
                    ? "its download is not complete: let it finish, or download the file again."
                    : $"this file is not a checkpoint by its name; a model is a checkpoint, or a folder with some. {Listing()}"
            : Directory.Exists(nameOrPath)
                ? $"this folder holds no model: it has no {ModelDescription.FileName} and no checkpoint."
                    + $"{(HubDownloads.FindPart(nameOrPath) is { } part ? Unfinished(part) : PackedFiles.In(nameOrPath))} {Listing()}"
                : Odd(nameOrPath) is { } odd
                    ? odd
                    : $"there is no such model, neither a folder of that name nor one in {string.Join(", ", SearchFolders)}. "
                        + $"{Listing()}{NearestName.Hint(nameOrPath, Names())}";

    private static bool IsNoName(string text) => NamedPath.ProblemOf(text) is not null;

    /// <summary>Whether a text ends as a checkpoint's name or that of its pieces does: models/x.safetensors is no repository.</summary>
    private static bool IsFile(string text) => ModelFiles.IsCheckpoint(text) || PackedNames.Describe(text) is not null;

    private static string? Odd(string path) =>
        OfHub().Match(path) is { Success: true } address
            ? address.Groups["file"] is { Success: true, Value: var file }
                ? $"it is an address: `{PullOf(address)} --files {ShellWord.Quote(Uri.UnescapeDataString(file))}` downloads that file, and "
                    + "says where it is."
                : $"it is an address: `{PullOf(address)}` downloads what is there, and that name opens it if it is one model."
            : NamedPath.ProblemOf(path) ?? PackedNames.Instead(path);

    private static string PullOf(Match address) =>
        $"wan models pull {address.Groups["repository"].Value}"
        + (address.Groups["revision"] is { Success: true, Value: not "main" and var revision } ? $"@{revision}" : "");

    [GeneratedRegex(
        @"^https?://(?:www\.)?(?:huggingface\.co|hf\.co|hf-mirror\.com)/(?!datasets/|spaces/|models/)(?<repository>[\w.-]+/[\w.-]+)"
            + "(?:/(?:tree|blob|resolve)/(?<revision>[^/?#]+)(?:/(?<file>[^?#]+[^/?#]))?)?",
        RegexOptions.IgnoreCase
    )]
    private static partial Regex OfHub();

    private static bool IsModel(string path) =>
        File.Exists(path)
            ? ModelFiles.IsCheckpoint(path)
            : File.Exists(Path.Combine(path, ModelDescription.FileName))
                || ModelFiles.AnyIn(path)
                || ExtraPaths.In(path, ExtraPaths.Transformers).Any(ModelFiles.AnyIn);

    private static string Unfinished(string part) => $" Its download is not complete, {part} is a part of it: run it again.";

    private string Listing() => $"Models found: {(Names() is { Count: > 0 } names ? string.Join(", ", names) : "none")}.";
}
