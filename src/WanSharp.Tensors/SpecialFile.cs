using System.Runtime.InteropServices;

namespace WanSharp.Tensors;

/// <summary>Tells devices, pipes and sockets from files, which .NET does not.</summary>
internal static unsafe partial class SpecialFile
{
    private const int CurrentFolder = -100; // AT_FDCWD
    private const uint AskMode = 3; // STATX_TYPE | STATX_MODE
    private const int FactsLength = 256,
        ModeOffset = 28; // struct statx, the same on every processor
    private const int KindMask = 0xF000;

    /// <summary>What is at a path, in words, if it is neither a file nor a folder; null if it is one, or nothing.</summary>
    /// <param name="path">A path; links are followed.</param>
    public static string? Describe(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return path.StartsWith(@"\\.\", StringComparison.Ordinal) ? "a device" : null;
        }

        if (!OperatingSystem.IsLinux())
        {
            return path.StartsWith("/dev/", StringComparison.Ordinal) ? "a device" : null;
        }

        var facts = stackalloc byte[FactsLength];
        return Ask(CurrentFolder, path, flags: 0, AskMode, facts) != 0
            ? null
            : (*(ushort*)(facts + ModeOffset) & KindMask) switch
            {
                0x1000 => "a pipe",
                0x2000 or 0x6000 => "a device",
                0xC000 => "a socket",
                _ => null,
            };
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Ask(int folder, string path, int flags, uint mask, byte* facts);
}
