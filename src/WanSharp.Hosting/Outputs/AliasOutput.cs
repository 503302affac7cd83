namespace WanSharp.Hosting.Outputs;

/// <summary>An alias, and how much of it is there.</summary>
/// <param name="Name">Its name.</param>
/// <param name="What">What it is.</param>
/// <param name="Repository">Where it comes from.</param>
/// <param name="IsModel">Whether it can be given to <c>--model</c>.</param>
/// <param name="Files">Its files that are there.</param>
/// <param name="Missing">Its files that are not, by their paths in the repository.</param>
/// <param name="Presets">The presets that it serves.</param>
public sealed record AliasOutput(
    string Name,
    string What,
    string Repository,
    bool IsModel,
    IReadOnlyList<string> Files,
    IReadOnlyList<string> Missing,
    IReadOnlyList<string> Presets
);
