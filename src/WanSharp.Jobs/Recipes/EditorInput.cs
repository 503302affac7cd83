namespace WanSharp.Jobs.Recipes;

/// <summary>An input of a node of ComfyUI's editor.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">What it takes.</param>
/// <param name="Link">The id of its link; null for none.</param>
/// <param name="IsWidget">Whether it has a plain value, too.</param>
internal sealed record EditorInput(string Name, string? Type, string? Link, bool IsWidget);
