namespace WanSharp.Hosting.Installation;

/// <summary>Where packages come from: a folder, a NuGet service of protocol version 3, or an npm registry.</summary>
internal abstract class PackageSource
{
    /// <summary>Opens a source.</summary>
    /// <param name="source">A folder, or the address of a NuGet service's index or of an npm registry.</param>
    /// <param name="registry">Which of them an address is.</param>
    /// <param name="http">Asks it.</param>
    /// <exception cref="IOException">The address cannot be used.</exception>
    public static PackageSource Open(string source, PackageRegistry registry, HttpClient http)
    {
        if (!Uri.TryCreate(source, UriKind.Absolute, out var address) || address.IsFile)
        {
            return new FolderSource(address?.LocalPath ?? source);
        }

        return registry == PackageRegistry.Npm ? new NpmSource(RequireSafe(address)) : new ServiceSource(RequireSafe(address), http);
    }

    /// <summary>The address of a package of exactly this version; null when the source says that it has none.</summary>
    public abstract Task<Uri?> FindAsync(ExtraPackage package, CancellationToken cancellationToken);

    /// <summary>Code that this process will run comes encrypted, or from this machine.</summary>
    /// <exception cref="IOException">The address is neither.</exception>
    protected static Uri RequireSafe(Uri address) =>
        address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback)
            ? address
            : throw new IOException($"{address} is not an address to load a library from: use https://, or a folder.");
}
