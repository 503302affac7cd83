namespace WanSharp.Hosting.Installation;

/// <summary>
/// A package that `wan providers install` brings, in the one version and with the one content that this program was tested with.
/// Immutable.
/// </summary>
public sealed record ExtraPackage
{
    /// <summary>What it brings, as it is asked for: "cuda", "webgpu", "ffmpeg".</summary>
    public required string Name { get; init; }

    /// <summary>Its name in the registry.</summary>
    public required string Id { get; init; }

    /// <summary>Its version.</summary>
    public required string Version { get; init; }

    /// <summary>Which kind of registry has it.</summary>
    public required PackageRegistry Registry { get; init; }

    /// <summary>The SHA-512 of the package's file, in base 64. Anything else is refused, whatever a registry says.</summary>
    public required string Sha512 { get; init; }

    /// <summary>The folder in the package that has the files, with a slash at its end. Those in folders below it are left out.</summary>
    public required string Folder { get; init; }

    /// <summary>How the names of files end that are left out. Default: none.</summary>
    public IReadOnlyList<string> LeftOut { get; init; } = [];

    /// <summary>The names that the file may have which the program loads or runs, the best first.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>Where this version is installed.</summary>
    /// <param name="root">The user's folder for such packages.</param>
    internal string FolderIn(string root) => Path.Combine(root, Name, Version);

    /// <summary>The file that the program loads or runs; null when this version is not installed.</summary>
    /// <param name="root">The user's folder for such packages.</param>
    public string? FindIn(string root) => Files.Select(name => Path.Combine(FolderIn(root), name)).FirstOrDefault(File.Exists);
}
