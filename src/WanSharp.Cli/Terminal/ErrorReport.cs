using System.ComponentModel;
using System.Data.Common;
using System.Net.Sockets;
using System.Security;
using System.Security.Authentication;
using WanSharp.Runtime;
using WanSharp.Runtime.Memory;
using WanSharp.Tensors;
using WanSharp.Tools.Benchmarks;
using WanSharp.Tools.Quantize;

namespace WanSharp.Cli.Terminal;

/// <summary>Says what went wrong in one line, and how the process ends for it.</summary>
internal static class ErrorReport
{
    public static int Write(Exception exception, TextWriter error, bool verbose)
    {
        var cause = CauseText.Unwrap(exception);
        error.WriteLine(
            PlainText.OneLine(
                IsOurs(cause) || IsOfTheMachine(cause) ? $"wan: {CauseText.Describe(exception)}"
                : IsOfTheInstallation(cause)
                    ? $"wan: the program's own files cannot be loaded: {CauseText.Describe(exception)} Install it again, or build it again."
                : $"wan: internal error: {cause.GetType().Name}: {CauseText.Describe(exception)} Please "
                    + "report it, with what --verbose shows."
            )
        );
        if (verbose)
        {
            error.WriteLine(exception);
        }

        return cause is InvalidRequestException { IsOfFile: false } ? ExitCode.WrongUsage : ExitCode.Failed;
    }

    /// <summary>What this program says of files and requests.</summary>
    private static bool IsOurs(Exception exception) =>
        exception
            is InvalidRequestException
                or BenchmarkException
                or QuantizeException
                or CheckpointException
                or OrtException
                or OrtLibraryException
                or MemoryLimitException;

    /// <summary>What a disk, a network, another program or another machine does: nothing here is to be repaired.</summary>
    private static bool IsOfTheMachine(Exception exception) =>
        exception
            is IOException
                or InvalidDataException
                or UnauthorizedAccessException
                or SecurityException
                or OutOfMemoryException
                or HttpRequestException
                or SocketException
                or AuthenticationException
                or TimeoutException
                or Win32Exception
                or DbException;

    /// <summary>What a build or a copy that lacks files does.</summary>
    private static bool IsOfTheInstallation(Exception exception) =>
        exception
            is DllNotFoundException
                or EntryPointNotFoundException
                or BadImageFormatException
                or MissingMethodException
                or TypeLoadException;
}
