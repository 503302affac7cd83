using System.Runtime.InteropServices;

namespace WanSharp.Cli.Terminal;

/// <summary>
/// What the system lets this process open and map (<c>ulimit -n</c>, <c>ulimit -v</c>). Below what .NET and ONNX Runtime take by
/// themselves, their parts fail to load, here or there, with a stack trace or none.
/// </summary>
internal static unsafe partial class ProcessLimits
{
    /// <summary>The files that a clip opens at once: some 130, few of them shards of the checkpoint or pipes to ffmpeg.</summary>
    private const ulong Files = 160;

    /// <summary>The addresses that the two runtimes reserve, of which they use little.</summary>
    private const ulong Addresses = 4UL << 30;

    private const int AddressSpaceOfLinux = 9; // RLIMIT_AS; other systems do not enforce theirs
    private const int FilesOfLinux = 7; // RLIMIT_NOFILE
    private const int FilesOfOthers = 8;

    /// <summary>Which limit is too small, as a line for people; null if none is, and then nothing is allocated or loaded.</summary>
    public static string? Problem()
    {
        if (OperatingSystem.IsWindows())
        {
            return null;
        }

        var isLinux = OperatingSystem.IsLinux();
        if (Of(isLinux ? FilesOfLinux : FilesOfOthers) is < Files and var files)
        {
            return "wan: this process may have only "
                + files.ToString(provider: null)
                + " files open at once, and needs 160: raise the limit (ulimit -n 1024) where it was set.\n";
        }

        return isLinux && Of(AddressSpaceOfLinux) is < Addresses and var addresses
            ? "wan: this process may use only "
                + (addresses >> 20).ToString(provider: null)
                + " MB of addresses (ulimit -v), and needs 4096, most of which stay empty: lift that limit, and set --memory instead.\n"
            : null;
    }

    private static ulong Of(int resource)
    {
        var limit = stackalloc ulong[2]; // now, and the most that may be asked for
        return Read(resource, limit) == 0 ? limit[0] : ulong.MaxValue;
    }

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int Read(int resource, ulong* limit);
}
