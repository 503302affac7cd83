namespace WanSharp.Hosting.Hub;

/// <summary>Lists the files of a snapshot, links and broken links too.</summary>
internal static class SnapshotFiles
{
    private const int Deepest = 32;

    private static readonly EnumerationOptions Everything = new()
    {
        RecurseSubdirectories = true,
        AttributesToSkip = FileAttributes.None,
        MaxRecursionDepth = Deepest,
    };

    /// <summary>Their paths below the folder, with slashes, in order.</summary>
    public static IReadOnlyList<string> Of(string folder) =>
        [
            .. Directory
                .EnumerateFiles(folder, "*", Everything)
                .Select(path => Path.GetRelativePath(folder, path).Replace(Path.DirectorySeparatorChar, '/'))
                .Where(name => !name.EndsWith(".incomplete", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal),
        ];
}
