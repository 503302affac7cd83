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
