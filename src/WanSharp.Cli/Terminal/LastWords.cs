using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace WanSharp.Cli.Terminal;

/// <summary>
/// A line on standard error without any stream of .NET's: for when not even that could be loaded, and a stack trace would be all
/// that is said.
/// </summary>
internal static unsafe partial class LastWords
{
    private const int StandardError = 2;

    /// <summary>Says why the program could not even say it.</summary>
    /// <param name="exception">What nobody caught.</param>
    public static int Of(Exception exception)
    {
        while (exception is TypeInitializationException { InnerException: { } inner })
        {
            exception = inner;
        }

        Say(
            exception is FileNotFoundException or FileLoadException or BadImageFormatException or DllNotFoundException
                ? "wan: a part of the program cannot be loaded: this process has too many files open or too little memory, or the "
                    + "installation lacks files ("
                    + FirstLine(exception.Message)
                    + ").\n"
                : "wan: " + FirstLine(exception.Message) + "\n"
        );
        return ExitCode.Failed;
    }

    /// <summary>Writes a line.</summary>
    public static void Say(string line)
    {
        if (OperatingSystem.IsWindows())
        {
            SayToConsole(line);
            return;
        }

        var bytes = Encoding.UTF8.GetBytes(line);
        fixed (byte* start = bytes)
        {
            _ = Write(StandardError, start, (nuint)bytes.Length);
        }
    }

    /// <summary>Alone, so that the console's library is not loaded where it is not used.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void SayToConsole(string line) => Console.Error.Write(line);

    private static string FirstLine(string text) => text.Split('\n')[0].TrimEnd('\r');

    [LibraryImport("libc", EntryPoint = "write")]
    private static partial nint Write(int descriptor, byte* bytes, nuint count);
}
