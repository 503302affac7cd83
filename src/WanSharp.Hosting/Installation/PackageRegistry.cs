namespace WanSharp.Hosting.Installation;

/// <summary>The kinds of registries that packages come from.</summary>
public enum PackageRegistry
{
    /// <summary>NuGet: services of protocol version 3, and folders with <c>.nupkg</c> files.</summary>
    NuGet,

    /// <summary>npm: registries, and folders with <c>.tgz</c> files as <c>npm pack</c> writes them.</summary>
    Npm,
}
