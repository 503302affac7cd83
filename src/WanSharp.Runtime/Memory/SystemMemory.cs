using System.Runtime.InteropServices;

namespace WanSharp.Runtime.Memory;

/// <summary>What Windows and macOS say about their memory. Linux says it in files, which <see cref="HostMemoryFacts"/> reads.</summary>
/// <remarks>
/// Sources: Windows: sysinfoapi.h, <c>GlobalMemoryStatusEx</c>; psapi.h, <c>GetProcessMemoryInfo</c>.
/// macOS: mach/vm_statistics.h, <c>vm_statistics64</c>; libproc.h, <c>proc_pid_rusage</c>; sysctl <c>hw.memsize</c>.
/// </remarks>
internal static unsafe partial class SystemMemory
{
    private const int VmInfo64 = 4; // HOST_VM_INFO64
    private const int ResourceUsage = 0; // RUSAGE_INFO_V0

    /// <summary>What this system says; null where that is not implemented.</summary>
    public static HostMemoryFacts? Read() =>
        OperatingSystem.IsWindows() ? OfWindows()
        : OperatingSystem.IsMacOS() ? OfMac()
        : null;

    /// <summary>From what Windows says. Memory must fit in what the system can back as well as in what is free of it.</summary>
    internal static HostMemoryFacts From(in WindowsStatus status, nuint privateBytes) =>
        new((long)status.TotalPhysical, (long)Math.Min(status.FreePhysical, status.FreeCommit), Limit: null) { Own = (long)privateBytes };

    /// <summary>
    /// From what macOS says. Pages of files and purgeable ones are given up at once; speculative ones count as free and as pages
    /// of files.
    /// </summary>
    internal static HostMemoryFacts From(in MacPages pages, long total, long pageBytes, long footprint)
    {
        var free = (long)pages.Free - pages.Speculative + pages.External + pages.Purgeable;
        return new HostMemoryFacts(total, Math.Clamp(free * pageBytes, 0, total), Limit: null) { Own = footprint };
    }

    private static HostMemoryFacts? OfWindows()
    {
        var status = new WindowsStatus { Length = (uint)sizeof(WindowsStatus) };
        if (GlobalMemoryStatusEx(ref status) == 0)
        {
            return null;
        }

        var process = new WindowsProcess { Length = (uint)sizeof(WindowsProcess) };
        return From(status, GetProcessMemoryInfo(GetCurrentProcess(), ref process, process.Length) == 0 ? 0 : process.PrivateUsage);
    }

    private static HostMemoryFacts? OfMac()
    {
        var (total, length) = (0L, (nuint)sizeof(long));
        var (pages, count) = (new MacPages(), (uint)(sizeof(MacPages) / sizeof(int)));
        if (
            GetSystemValue("hw.memsize", ref total, ref length, 0, 0) != 0
            || GetHostStatistics(s_host, VmInfo64, ref pages, ref count) != 0
        )
        {
            return null;
        }

        var usage = new MacProcess();
        var isKnown = GetResourceUsage(Environment.ProcessId, ResourceUsage, ref usage) == 0;
        return From(pages, total, Environment.SystemPageSize, isKnown ? (long)usage.Footprint : 0);
    }

    // A right to the host's port is counted at each call, so it is asked for once.
    private static readonly uint s_host = OperatingSystem.IsMacOS() ? GetHost() : 0;

    [LibraryImport("kernel32.dll")]
    private static partial int GlobalMemoryStatusEx(ref WindowsStatus status);

    [LibraryImport("kernel32.dll")]
    private static partial nint GetCurrentProcess();

    [LibraryImport("kernel32.dll", EntryPoint = "K32GetProcessMemoryInfo")]
    private static partial int GetProcessMemoryInfo(nint process, ref WindowsProcess memory, uint length);

    [LibraryImport("libSystem.dylib", EntryPoint = "mach_host_self")]
    private static partial uint GetHost();

    [LibraryImport("libSystem.dylib", EntryPoint = "host_statistics64")]
    private static partial int GetHostStatistics(uint host, int flavor, ref MacPages pages, ref uint count);

    [LibraryImport("libSystem.dylib", EntryPoint = "sysctlbyname", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int GetSystemValue(string name, ref long value, ref nuint length, nint newValue, nuint newLength);

    [LibraryImport("libSystem.dylib", EntryPoint = "proc_pid_rusage")]
    private static partial int GetResourceUsage(int process, int flavor, ref MacProcess usage);

    /// <summary><c>MEMORYSTATUSEX</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct WindowsStatus
    {
        public uint Length;
        public uint Load;
        public ulong TotalPhysical;
        public ulong FreePhysical;
        public ulong TotalCommit;
        public ulong FreeCommit;
        public ulong TotalVirtual;
        public ulong FreeVirtual;
        public ulong FreeExtendedVirtual;
    }

    /// <summary><c>PROCESS_MEMORY_COUNTERS_EX</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct WindowsProcess
    {
        public uint Length;
        public uint PageFaults;
        public nuint PeakWorkingSet;
        public nuint WorkingSet;
        public nuint PeakPagedPool;
        public nuint PagedPool;
        public nuint PeakNonPagedPool;
        public nuint NonPagedPool;
        public nuint PageFile;
        public nuint PeakPageFile;
        public nuint PrivateUsage;
    }

    /// <summary><c>vm_statistics64</c>, in pages where it is memory.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct MacPages
    {
        public uint Free;
        public uint Active;
        public uint Inactive;
        public uint Wired;
        public ulong ZeroFilled;
        public ulong Reactivations;
        public ulong PageIns;
        public ulong PageOuts;
        public ulong Faults;
        public ulong CopyOnWriteFaults;
        public ulong Lookups;
        public ulong Hits;
        public ulong Purges;
        public uint Purgeable;
        public uint Speculative;
        public ulong Decompressions;
        public ulong Compressions;
        public ulong SwapIns;
        public ulong SwapOuts;
        public uint Compressor;
        public uint Throttled;
        public uint External;
        public uint Internal;
        public ulong UncompressedInCompressor;
    }

    /// <summary><c>rusage_info_v0</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct MacProcess
    {
        public ulong IdHigh;
        public ulong IdLow;
        public ulong UserTime;
        public ulong SystemTime;
        public ulong IdleWakeUps;
        public ulong InterruptWakeUps;
        public ulong PageIns;
        public ulong Wired;
        public ulong Resident;
        public ulong Footprint;
        public ulong Started;
        public ulong Exited;
    }
}
