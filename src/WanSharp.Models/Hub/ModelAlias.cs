using System.Text.Json.Serialization;

namespace WanSharp.Models.Hub;

/// <summary>A short name for the files of a repository that a run needs, and no others. Immutable.</summary>
public sealed record ModelAlias
{
    /// <summary>Its name. Not in the file: there it is the member's.</summary>
    [JsonIgnore]
    public string Name { get; init; } = "";

    /// <summary>What it is, in a few words.</summary>
    public required string What { get; init; }

    /// <summary>Where it is: <c>ORG/NAME</c>.</summary>
    public required string Repository { get; init; }

    /// <summary>A branch, a tag or a commit. Default: <c>main</c>.</summary>
    public string Revision { get; init; } = HubReference.MainRevision;

    /// <summary>The paths of its files in the repository.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>
    /// Of a model, the path of its transformer, or of one of two experts; the other parts are found around it. Null for what is not a model
    /// alone, such as a LoRA.
    /// </summary>
    public string? Model { get; init; }

    /// <summary>The presets that it serves.</summary>
    public IReadOnlyList<string> Presets { get; init; } = [];

    /// <summary>The repository at its revision.</summary>
    [JsonIgnore]
    public HubReference Reference => new(Repository, Revision);
}
