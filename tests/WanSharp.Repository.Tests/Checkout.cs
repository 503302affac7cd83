using System.Reflection;
using System.Xml.Linq;

namespace WanSharp.Repository.Tests;

/// <summary>The checkout that these tests were built from.</summary>
internal static class Checkout
{
    public static string Root { get; } =
        typeof(Checkout)
            .Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key == "RepositoryRoot")
            .Value!;

    /// <summary>The names of the projects below src.</summary>
    public static IEnumerable<string> Projects { get; } =
    [
        .. Directory
            .EnumerateFiles(Path.Combine(Root, "src"), "*.csproj", SearchOption.AllDirectories)
            .Select(file => Path.GetFileNameWithoutExtension(file))
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>What a project is built into.</summary>
    public static Assembly AssemblyOf(string project) =>
        Assembly.Load(
            XDocument.Load(Path.Combine(Root, "src", project, project + ".csproj")).Descendants("AssemblyName").SingleOrDefault()?.Value
                ?? project
        );

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    /// <summary>The Markdown documents, relative to the root, without those of packages.</summary>
    public static IEnumerable<string> Documents() =>
        Directory
            .EnumerateFiles(Root, "*.md", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/'))
            .Where(path => !path.Split('/').Any(part => part is "node_modules" or "bin" or "obj" or ".git" or "runs"));
}
