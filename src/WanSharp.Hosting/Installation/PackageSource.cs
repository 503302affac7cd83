namespace WanSharp.Hosting.Installation;

/// <summary>Where packages come from: a folder, or a NuGet service of protocol version 3.</summary>
internal abstract class PackageSource
{
    /// <summary>Opens a source.</summary>
    /// <param name="source">A folder, or the address of a service's index.</param>
    /// <param name="http">Asks the service.</param>
    /// <exception cref="IOException">The address cannot be used.</exception>
    public static PackageSource Open(string source, HttpClient http)
    {
        if (!Uri.TryCreate(source, UriKind.Absolute, out var address) || address.IsFile)
        {
            return new FolderSource(address?.LocalPath ?? source);
        }

        return new ServiceSource(RequireSafe(address), http);
    }

    /// <summary>A package of exactly this version; null when the source has none.</summary>
    public abstract Task<PackageLocation?> FindAsync(string id, string version, CancellationToken cancellationToken);

    /// <summary>Code that this process will run comes encrypted, or from this machine.</summary>
    /// <exception cref="IOException">The address is neither.</exception>
    protected static Uri RequireSafe(Uri address) =>
        address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback)
            ? address
            : throw new IOException($"{address} is not an address to load a library from: use https://, or a folder.");
}
