using WanSharp.Cli.Terminal;
using WanSharp.Jobs.Styles;

namespace WanSharp.Cli.Batches;

/// <summary>Finds what a batch needs beside its jobs.</summary>
internal static class BatchSetup
{
    private const string Wildcards = "wildcards";

    /// <summary>The styles: the program's, the user's own, and those of a file.</summary>
    /// <exception cref="InvalidDataException">A file is no list of styles.</exception>
    public static StyleCatalog OpenStyles(CliEnvironment environment, string? file) => StyleCatalog.Load(
        new[] { Path.Combine(AppContext.BaseDirectory, StyleCatalog.FileName), Path.Combine(ConfigFolder(environment), StyleCatalog.FileName) }
            .Where(File.Exists).Concat(file is null ? [] : [file]));

    /// <summary>Where wildcards are looked for: beside the file of jobs, then in the user's own folder.</summary>
    public static IReadOnlyList<string> WildcardFolders(CliEnvironment environment, string source) =>
        [Path.Combine(Path.GetDirectoryName(Path.GetFullPath(source))!, Wildcards), Path.Combine(ConfigFolder(environment), Wildcards)];

    private static string ConfigFolder(CliEnvironment environment) => Path.Combine(
        environment.Variable("XDG_CONFIG_HOME") ?? (OperatingSystem.IsWindows()
            ? Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData)
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".config")),
        "wansharp");
}
