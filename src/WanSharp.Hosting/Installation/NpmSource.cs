namespace WanSharp.Hosting.Installation;

/// <summary>An npm registry: a package's file is at a place that follows from its name, and its content is known.</summary>
/// <param name="registry">The registry's address.</param>
internal sealed class NpmSource(Uri registry) : PackageSource
{
    public override Task<Uri?> FindAsync(ExtraPackage package, CancellationToken cancellationToken)
    {
        var root = registry.AbsoluteUri.TrimEnd('/');
        var name = package.Id[(package.Id.LastIndexOf('/') + 1)..];
        return Task.FromResult<Uri?>(new Uri($"{root}/{package.Id}/-/{name}-{package.Version}.tgz"));
    }
}
