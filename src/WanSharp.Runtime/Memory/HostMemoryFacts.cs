using System.Globalization;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Memory;

/// <summary>The host's memory, as this process may use it.</summary>
/// <param name="Total">Bytes that the machine has.</param>
/// <param name="Free">Bytes that can be allocated now without swapping or killing anything: unused page cache counts as
/// free.</param>
/// <param name="Limit">The most bytes that the process's control group may hold, page cache included; null for no limit.</param>
public sealed record HostMemoryFacts(long Total, long Free, long? Limit)
{
    private const string Unlimited = "max";
    private const long Kilobyte = 1024;

    // Version 1 writes "no limit" as the largest whole number of pages.
    private const long NoLimit = 1L << 60;

    /// <summary>Bytes that this process holds for itself, which nobody else can have.</summary>
    public long Own { get; init; }

    /// <summary>
    /// Bytes that this process may use: what is free plus what it already holds, never more than the machine has.
    /// </summary>
    public long Available => Math.Min(Total, Free + Own);

    /// <summary>Looks at this machine.</summary>
    public static HostMemoryFacts Read() => OperatingSystem.IsLinux() ? Read("/") : SystemMemory.Read() ?? AsCollected();

    /// <summary>Looks at Linux's files below a folder.</summary>
    internal static HostMemoryFacts Read(string root)
    {
        var machine = ReadNumbers(Path.Combine(root, "proc/meminfo"), Kilobyte);
        if (!machine.TryGetValue("MemTotal", out var total))
        {
            return AsCollected();
        }

        var free = machine.GetValueOrDefault("MemAvailable", total);
        long? limit = null;
        foreach (var (maximum, used, reclaimable) in Groups(root))
        {
            limit = Math.Min(limit ?? long.MaxValue, maximum);
            free = Math.Min(free, Math.Max(0, maximum - used + reclaimable));
        }

        return new HostMemoryFacts(total, free, limit)
        {
            Own = ReadNumbers(Path.Combine(root, "proc/self/status"), Kilobyte).GetValueOrDefault("RssAnon"),
        };
    }

    /// <summary>
    /// What the collector saw. Before its first collection that is nothing, and later it is as old as the last one: so it collects
    /// first.
    /// </summary>
    private static HostMemoryFacts AsCollected()
    {
        GC.Collect(0);
        var memory = GC.GetGCMemoryInfo(GCKind.Any);
        var total = memory.TotalAvailableMemoryBytes;
        return new HostMemoryFacts(total, Math.Clamp(total - memory.MemoryLoadBytes, 0, total), Limit: null)
        {
            Own = Environment.WorkingSet,
        };
    }

    /// <summary>The process's control groups that have a limit, with what each holds: its own and those around it.</summary>
    private static IEnumerable<(long Maximum, long Used, long Reclaimable)> Groups(string root)
    {
        foreach (var line in Lines(Path.Combine(root, "proc/self/cgroup")))
        {
            // "4:memory:/jobs/a" in version 1, "0::/jobs/a" in version 2.
            if (
                line.Split(':', 3) is not [_, var controllers, var path]
                || (controllers.Length > 0 && !controllers.Split(',').Contains("memory"))
            )
            {
                continue;
            }

            var isFirst = controllers.Length > 0;
            var mount = Path.Combine(root, isFirst ? "sys/fs/cgroup/memory" : "sys/fs/cgroup");
            for (var group = path.Trim('/'); ; group = Path.GetDirectoryName(group) ?? "")
            {
                var folder = Path.Combine(mount, group);
                var (maximum, used) = isFirst ? ("memory.limit_in_bytes", "memory.usage_in_bytes") : ("memory.max", "memory.current");
                if (Number(Path.Combine(folder, maximum)) is { } limit and < NoLimit && Number(Path.Combine(folder, used)) is { } usage)
                {
                    var parts = ReadNumbers(Path.Combine(folder, "memory.stat"), 1);
                    // of files: mapped weights that were used often count as active, and may go as well
                    var pages = isFirst ? "total_" : "";
                    yield return (
                        limit,
                        usage,
                        parts.GetValueOrDefault($"{pages}inactive_file") + parts.GetValueOrDefault($"{pages}active_file")
                    );
                }

                if (group.Length == 0)
                {
                    break;
                }
            }
        }
    }

    private static long? Number(string file) =>
        Lines(file) is [var line, ..]
        && line != Unlimited
        && long.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            ? value
            : null;

    /// <summary>Lines of a name and a number.</summary>
    private static Dictionary<string, long> ReadNumbers(string file, long unit)
    {
        var numbers = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var line in Lines(file))
        {
            if (
                line.Split([' ', ':'], StringSplitOptions.RemoveEmptyEntries) is [var name, var text, ..]
                && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            )
            {
                numbers[name] = value * unit;
            }
        }

        return numbers;
    }

    private static string[] Lines(string file)
    {
        try
        {
            return PlainFile.ReadAllLines(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // not this kind of system
        }
    }
}
