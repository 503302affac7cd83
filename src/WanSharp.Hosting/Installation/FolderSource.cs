namespace WanSharp.Hosting.Installation;

/// <summary>A folder of packages: flat, or one folder for each package and version.</summary>
internal sealed class FolderSource(string folder) : PackageSource
{
    public override Task<PackageLocation?> FindAsync(string id, string version, CancellationToken cancellationToken)
    {
#pragma warning disable CA1308 // NuGet's folders are lower case.
        var (lowerId, lowerVersion) = (id.ToLowerInvariant(), version.ToLowerInvariant());
#pragma warning restore CA1308
        string[] candidates =
        [
            Path.Combine(folder, $"{id}.{version}.nupkg"),
            Path.Combine(folder, $"{lowerId}.{lowerVersion}.nupkg"),
            Path.Combine(folder, lowerId, lowerVersion, $"{lowerId}.{lowerVersion}.nupkg"),
        ];
        return FindAsync(candidates, cancellationToken);
    }

    private static async Task<PackageLocation?> FindAsync(string[] candidates, CancellationToken cancellationToken)
    {
        if (Array.Find(candidates, File.Exists) is not { } file)
        {
            return null;
        }

        var hash = file + ".sha512";
        return new PackageLocation(
            new Uri(Path.GetFullPath(file)),
            File.Exists(hash) ? (await File.ReadAllTextAsync(hash, cancellationToken).ConfigureAwait(false)).Trim() : null
        );
    }
}
