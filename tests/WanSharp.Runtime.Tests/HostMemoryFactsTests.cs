using WanSharp.Runtime.Memory;

namespace WanSharp.Runtime.Tests;

public sealed class HostMemoryFactsTests : IDisposable
{
    private const long KB = 1024;

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("wan-tests-");

    public HostMemoryFactsTests() => Write("proc/meminfo", "MemTotal:       1000 kB\nMemFree:         100 kB\nMemAvailable:    800 kB\n");

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public void Read_WithoutAGroup_IsWhatTheMachineHas() =>
        Assert.Equal(new HostMemoryFacts(1000 * KB, 800 * KB, null), HostMemoryFacts.Read(_root.FullName));

    [Fact]
    public void Read_InAGroupOfVersion1_CountsWhatCanBeReclaimedAsFree()
    {
        Write("proc/self/cgroup", "9:name=systemd:/\n4:cpu,memory:/jobs/a\n0::/\n");
        Group("sys/fs/cgroup/memory", "limit_in_bytes", "9223372036854771712", "usage_in_bytes", "700000", "total_inactive_file 5\n");
        Group("sys/fs/cgroup/memory/jobs", "limit_in_bytes", "500000", "usage_in_bytes", "400000", "total_inactive_file 30000\n");
        Group("sys/fs/cgroup/memory/jobs/a", "limit_in_bytes", "600000", "usage_in_bytes", "100000", "total_inactive_file 0\n");

        Assert.Equal(new HostMemoryFacts(1000 * KB, 130000, 500000), HostMemoryFacts.Read(_root.FullName));
    }

    [Fact]
    public void Read_InAGroupOfVersion2_ReadsItsFiles()
    {
        Write("proc/self/cgroup", "0::/jobs\n");
        Group("sys/fs/cgroup", "max", "max", "current", "1", "");
        Group("sys/fs/cgroup/jobs", "max", "300000", "current", "350000", "inactive_file 20000\n");

        Assert.Equal(new HostMemoryFacts(1000 * KB, 0, 300000), HostMemoryFacts.Read(_root.FullName));
    }

    [Fact]
    public void Read_OfThisMachine_IsPlausible()
    {
        var memory = HostMemoryFacts.Read();

        Assert.InRange(memory.Free, 1, memory.Total);
    }

    /// <summary>What falls back to the collector's figures would look plausible, too.</summary>
    [Fact]
    public void SystemMemory_AsksTheSystemWhereItHasNoFiles()
    {
        var system = SystemMemory.Read();

        Assert.Equal(OperatingSystem.IsWindows() || OperatingSystem.IsMacOS(), system is not null);
        if (system is not null)
        {
            Assert.InRange(HostMemoryFacts.Read().Own, system.Own * 0.9, system.Own * 1.1);
        }
    }

    [Fact]
    public void Available_WhereMuchIsHeldAndFree_IsNeverMoreThanThereIs() =>
        Assert.Equal(1000, new HostMemoryFacts(Total: 1000, Free: 800, Limit: null) { Own = 500 }.Available);

    [Fact]
    public void Read_OfASystemWithoutFiles_SaysLessThanThereIs()
    {
        File.Delete(Path.Combine(_root.FullName, "proc/meminfo"));

        var memory = HostMemoryFacts.Read(_root.FullName);

        Assert.InRange(memory.Free, 1, memory.Total - 1); // this process itself holds some
        Assert.InRange(memory.Available, memory.Free, memory.Total);
    }

    [Fact]
    public unsafe void SystemMemory_OfWindows_CountsWhatItCanBack()
    {
        Assert.Equal(64, sizeof(SystemMemory.WindowsStatus)); // sysinfoapi.h
        Assert.Equal(80, sizeof(SystemMemory.WindowsProcess)); // psapi.h
        var status = new SystemMemory.WindowsStatus
        {
            TotalPhysical = 16000,
            FreePhysical = 9000,
            FreeCommit = 7000,
        };

        Assert.Equal(new HostMemoryFacts(16000, 7000, null) { Own = 3000 }, SystemMemory.From(status, 3000));
    }

    [Fact]
    public unsafe void SystemMemory_OfMacOs_CountsPagesThatAreGivenUpAtOnce()
    {
        Assert.Equal(38 * sizeof(int), sizeof(SystemMemory.MacPages)); // HOST_VM_INFO64_REV1_COUNT
        Assert.Equal(96, sizeof(SystemMemory.MacProcess)); // rusage_info_v0
        var pages = new SystemMemory.MacPages
        {
            Free = 10,
            Speculative = 4,
            External = 20,
            Purgeable = 3,
            Inactive = 50,
            Active = 100,
        };

        Assert.Equal(new HostMemoryFacts(1000, 290, null) { Own = 7 }, SystemMemory.From(pages, total: 1000, pageBytes: 10, footprint: 7));
    }

    private void Group(string folder, string maximum, string limit, string current, string used, string stat)
    {
        Write($"{folder}/memory.{maximum}", limit + "\n");
        Write($"{folder}/memory.{current}", used + "\n");
        Write($"{folder}/memory.stat", stat);
    }

    private void Write(string path, string text)
    {
        var file = new FileInfo(Path.Combine(_root.FullName, path));
        file.Directory!.Create();
        File.WriteAllText(file.FullName, text);
    }
}
