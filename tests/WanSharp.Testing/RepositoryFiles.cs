using System.Reflection;

namespace WanSharp.Testing;

/// <summary>The files of the repository that the tests were built from.</summary>
public static class RepositoryFiles
{
    /// <summary>The repository's folder.</summary>
    public static string Root { get; } =
        typeof(RepositoryFiles)
            .Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key == "RepositoryRoot")
            .Value!;

    /// <summary>A file or folder by its path in the repository.</summary>
    public static string Find(string path) => Path.Combine(Root, path);
}
