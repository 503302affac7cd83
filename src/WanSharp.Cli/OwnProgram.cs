using System.Reflection;

namespace WanSharp.Cli;

/// <summary>How this program starts itself: for measurements in processes of their own.</summary>
internal static class OwnProgram
{
    private const string Muxer = "dotnet";

    /// <summary>
    /// The program and the arguments that come before any of ours: the launcher or the single file alone, or <c>dotnet
    /// wan.dll</c>.
    /// </summary>
    public static IReadOnlyList<string> Command { get; } = Find();

    private static IReadOnlyList<string> Find()
    {
        var assembly = typeof(OwnProgram).Assembly;
        var library = Path.Combine(AppContext.BaseDirectory, assembly.GetName().Name + ".dll");
        if (Assembly.GetEntryAssembly() == assembly && Environment.ProcessPath is { } process)
        {
            return IsMuxer(process) ? [process, library] : [process];
        }

        // Hosted by another program, such as the tests: its own launcher starts something else.
        var launcher = Path.ChangeExtension(library, OperatingSystem.IsWindows() ? ".exe" : null);
        return File.Exists(launcher) ? [launcher] : [Environment.ProcessPath is { } host && IsMuxer(host) ? host : Muxer, library];
    }

    private static bool IsMuxer(string program) =>
        Path.GetFileNameWithoutExtension(program).Equals(Muxer, StringComparison.OrdinalIgnoreCase);
}
