namespace WanSharp.Models;

/// <summary>The files that a model is made of. Of several shards, their index or the first of them.</summary>
public sealed record TakenParts
{
    /// <summary>The only transformer, or that of the low-noise expert.</summary>
    public required string Transformer { get; init; }

    /// <summary>The transformer of the high-noise expert; null if there is only one.</summary>
    public string? HighNoise { get; init; }

    /// <summary>The text encoder.</summary>
    public required string TextEncoder { get; init; }

    /// <summary>The VAE.</summary>
    public required string Vae { get; init; }

    /// <summary>CLIP's image encoder; null if the model has none.</summary>
    public string? VisionEncoder { get; init; }

    /// <summary>The tokenizer, or the checkpoint that carries it.</summary>
    public required string Tokenizer { get; init; }

    /// <summary>
    /// Whether a <c>config.json</c> of this program named the files; otherwise they were found, or named by hand.
    /// </summary>
    public bool IsDescribed { get; init; }

    /// <summary>What the user should know about this choice.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Each part's name, and its file.</summary>
    public IEnumerable<(string Part, string Path)> All()
    {
        (string Part, string? Path)[] all =
        [
            (HighNoise is null ? "transformer" : "low noise", Transformer),
            ("high noise", HighNoise),
            ("text encoder", TextEncoder),
            ("tokenizer", Tokenizer),
            ("VAE", Vae),
            ("CLIP", VisionEncoder),
        ];
        return all.Where(part => part.Path is not null).Select(part => (part.Part, part.Path!));
    }

    /// <summary>One line: the parts' files, and the folder that they have in common.</summary>
    /// <param name="without">A file that need not be named.</param>
    public string Describe(string? without = null)
    {
        List<(string Part, string Path)> parts = [.. All().Select(part => (part.Part, Path.GetFullPath(part.Path)))];
        var folder = Common(parts.ConvertAll(part => Path.GetDirectoryName(part.Path)!));
        var files = parts
            .Where(part => without is null || part.Path != Path.GetFullPath(without))
            .GroupBy(part => part.Path, part => part.Part)
            .Select(file => $"{string.Join(" and ", file)} {Path.GetRelativePath(folder, file.Key)}");
        return $"{string.Join(", ", files)} (in {folder})";
    }

    private static string Common(List<string> folders)
    {
        var common = folders[0];
        while (!folders.All(folder => IsIn(folder, common)) && Path.GetDirectoryName(common) is { } above)
        {
            common = above;
        }

        return common;
    }

    /// <summary>Whether a folder is another, or in it.</summary>
    internal static bool IsIn(string folder, string other)
    {
        var inside = Path.EndsInDirectorySeparator(other) ? other : other + Path.DirectorySeparatorChar;
        return folder == other || folder.StartsWith(inside, StringComparison.Ordinal);
    }
}
