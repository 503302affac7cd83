using WanSharp.Tensors;

namespace WanSharp.Models.Layout;

/// <summary>Finds what a checkpoint could be made of where there is none.</summary>
internal static class PackedFiles
{
    /// <summary>A sentence about the first such file in a folder or below it; empty if there is none.</summary>
    public static string In(string folder) =>
        FolderSearch
            .Files(folder, ModelFiles.Deepest, mayStop: true)
            .Select(file => PackedNames.Describe(file) is { } way ? $" {file}: {way}." : null)
            .FirstOrDefault(way => way is not null)
        ?? "";
}
