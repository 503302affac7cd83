using System.Runtime.InteropServices;

namespace WanSharp.Cli.Terminal;

/// <summary>
/// The three standard streams, each of which whoever starts the process may have closed (<c>2&gt;&amp;-</c>; some cron jobs and
/// services).
/// </summary>
internal static unsafe partial class StandardStreams
{
    private const int Count = 3;
    private const int GetDescriptorFlags = 1; // F_GETFD
    private const int CloseOnExec = 1; // FD_CLOEXEC
    private const int ReadWrite = 2; // O_RDWR

    /// <summary>
    /// Opens the null device in the place of each closed stream. Where the runtime has taken a closed stream's number for a pipe of
    /// its own,
    /// which a line of ours would go into and abort the process, the process image is replaced by a fresh one with all three streams.
    /// </summary>
    /// <param name="command">How this program is started.</param>
    /// <param name="args">Its arguments.</param>
    public static void Reopen(IReadOnlyList<string> command, IReadOnlyList<string> args)
    {
        if (OperatingSystem.IsWindows())
        {
            return; // .NET writes to no handle there, and says nothing
        }

        var flags = Enumerable.Range(0, Count).Select(stream => Control(stream, GetDescriptorFlags)).ToArray();

        // Inherited streams survived an exec; whatever closes at the next one was opened since.
        var closed = Enumerable.Range(0, Count).Where(stream => flags[stream] < 0 || (flags[stream] & CloseOnExec) != 0).ToList();
        if (closed.Count == 0 || Open("/dev/null", ReadWrite) is not (>= 0 and var nothing))
        {
            return;
        }

        foreach (var stream in closed)
        {
            _ = Duplicate(nothing, stream);
        }

        if (nothing >= Count)
        {
            _ = Close(nothing);
        }

        if (closed.Any(stream => flags[stream] >= 0))
        {
            Replace(command, args);
        }
    }

    /// <summary>Becomes a new process image of the same process; returns only if the system refuses.</summary>
    private static void Replace(IReadOnlyList<string> command, IReadOnlyList<string> args)
    {
        nint[] texts = [.. command.Concat(args).Select(Marshal.StringToCoTaskMemUTF8), 0];
        fixed (nint* arguments = texts)
        {
            _ = Execute((byte*)texts[0], (byte**)arguments);
        }
    }

    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int Control(int descriptor, int command);

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "dup2")]
    private static partial int Duplicate(int from, int to);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "execv")]
    private static partial int Execute(byte* path, byte** arguments);
}
