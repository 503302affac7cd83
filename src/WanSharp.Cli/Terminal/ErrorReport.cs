using WanSharp.Runtime;
using WanSharp.Runtime.Memory;
using WanSharp.Tensors;
using WanSharp.Tools.Benchmarks;

namespace WanSharp.Cli.Terminal;

/// <summary>Says what went wrong in one line, and how the process ends for it.</summary>
internal static class ErrorReport
{
    public static int Write(Exception exception, TextWriter error, bool verbose)
    {
        var expected = exception is InvalidRequestException or BenchmarkException or CheckpointException or OrtException or OrtLibraryException or MemoryLimitException
            or IOException or InvalidDataException or UnauthorizedAccessException or OutOfMemoryException;
        error.WriteLine(PlainText.OneLine(expected
            ? $"wan: {exception.Message}"
            : $"wan: internal error: {exception.GetType().Name}: {exception.Message} Please report it, with what --verbose shows."));
        if (verbose)
        {
            error.WriteLine(exception);
        }

        return exception is InvalidRequestException ? ExitCode.WrongUsage : ExitCode.Failed;
    }
}
