using WanSharp.Hosting.Batches;
using WanSharp.Jobs.Films;
using WanSharp.Media.Clips;

namespace WanSharp.Cli.Films;

/// <summary>A film that is asked for, and how it is made.</summary>
internal sealed record FilmOrder
{
    /// <summary>What the film came from, for messages: a file, a folder, a prompt.</summary>
    public required string Source { get; init; }

    public required Film Film { get; init; }

    /// <summary>The folder of its sections.</summary>
    public required string Folder { get; init; }

    /// <summary>What it is written to.</summary>
    public required OutputTarget Target { get; init; }

    /// <summary>Whether nobody named <see cref="Target"/>: then it, and the folder, get a number where others have the name.</summary>
    public bool IsUnnamed { get; init; }

    public required BackendSettings Settings { get; init; }

    /// <summary>The user's file of styles, or null.</summary>
    public string? StylesFile { get; init; }

    public required int Attempts { get; init; }

    public bool AllowsModelChange { get; init; }

    /// <summary>The section after which the film stays as it is; null where what continues a changed section is made again.</summary>
    public int? KeepsAfter { get; init; }

    /// <summary>Whether to tell what would run, and stop.</summary>
    public bool IsDry { get; init; }

    public bool Json { get; init; }

    /// <summary>The folder of a film that names none: the output's name without its ending, next to it.</summary>
    public static string FolderFor(OutputTarget target) =>
        target.Kind == OutputKind.PngSequence
            ? $"{target.Folder}.film"
            : Path.Combine(target.Folder, Path.GetFileNameWithoutExtension(target.Name));
}
