namespace WanSharp.Hosting.Installation;

/// <summary>A folder of packages: flat, or one folder for each of NuGet's packages and versions.</summary>
internal sealed class FolderSource(string folder) : PackageSource
{
    public override Task<Uri?> FindAsync(ExtraPackage package, CancellationToken cancellationToken)
    {
        var candidates = package.Registry == PackageRegistry.Npm ? NamesOfNpm(package) : NamesOfNuGet(package);
        var file = candidates.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
        return Task.FromResult(file is null ? null : new Uri(Path.GetFullPath(file)));
    }

    /// <summary>As <c>npm pack</c> names them.</summary>
    private static string[] NamesOfNpm(ExtraPackage package) => [$"{package.Id.TrimStart('@').Replace('/', '-')}-{package.Version}.tgz"];

    private static string[] NamesOfNuGet(ExtraPackage package)
    {
        var (id, version) = (package.Id, package.Version);
#pragma warning disable CA1308 // NuGet's folders are lower case.
        var (lowerId, lowerVersion) = (id.ToLowerInvariant(), version.ToLowerInvariant());
#pragma warning restore CA1308
        return
        [
            $"{id}.{version}.nupkg",
            $"{lowerId}.{lowerVersion}.nupkg",
            Path.Combine(lowerId, lowerVersion, $"{lowerId}.{lowerVersion}.nupkg"),
        ];
    }
}
