using System.Runtime.InteropServices;

namespace WanSharp.Cli.Terminal;

/// <summary>The terminal that standard error may be.</summary>
internal static unsafe partial class TerminalScreen
{
    private const int UsualColumns = 80,
        UsualRows = 24;
    private const int StandardError = 2;
    private const nuint AskSize = 0x5413; // TIOCGWINSZ of Linux

    /// <summary>Whether somebody watches standard error at a terminal that can redraw a line.</summary>
    /// <param name="variable">Reads an environment variable.</param>
    public static bool IsThere(Func<string, string?> variable) => !Console.IsErrorRedirected && CanRedraw(variable);

    /// <summary>Whether the terminal understands escape codes; a dumb one, as editors have it, shows them.</summary>
    internal static bool CanRedraw(Func<string, string?> variable) =>
        OperatingSystem.IsWindows() || variable("TERM") is not (null or "dumb" or "unknown");

    /// <summary>Columns of a line now: the window may have changed since.</summary>
    /// <param name="variable">Reads an environment variable.</param>
    public static int Columns(Func<string, string?> variable) =>
        Asked().Columns is > 0 and var columns ? columns
        : int.TryParse(variable("COLUMNS"), out var said) && said > 0 ? said
        : UsualColumns;

    /// <summary>Lines of the window now.</summary>
    public static int Rows() => Asked().Rows is > 0 and var rows ? rows : UsualRows;

    private static (int Columns, int Rows) Asked()
    {
        if (OperatingSystem.IsLinux())
        {
            var size = stackalloc ushort[4]; // rows, columns, and their pixels
            return Control(StandardError, AskSize, size) == 0 ? (size[1], size[0]) : default;
        }

        try
        {
            return (Console.WindowWidth, Console.WindowHeight);
        }
        catch (IOException)
        {
            return default; // neither stream is a window
        }
    }

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int Control(int descriptor, nuint request, void* argument);
}
