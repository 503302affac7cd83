using System.Globalization;
using WanSharp.Tensors;

namespace WanSharp.Tools.Benchmarks.Memory;

/// <summary>
/// A control group of Linux (version 1) that limits what the processes in it may hold, page cache that they read included,
/// and tells the most that they held.
/// </summary>
/// <remarks>Source: Linux:Documentation/admin-guide/cgroup-v1/memory.rst.</remarks>
internal sealed class MemoryGroup : IDisposable
{
    private const string Mount = "/sys/fs/cgroup/memory";

    private MemoryGroup(string folder) => Folder = folder;

    public string Folder { get; }

    /// <summary>The most bytes that were held at one time.</summary>
    public long PeakBytes =>
        long.Parse(PlainFile.ReadAllText(Path.Combine(Folder, "memory.max_usage_in_bytes")), CultureInfo.InvariantCulture);

    /// <summary>A new group below this process's own, with a limit in bytes or none; null, and why, where there can be none.</summary>
    public static MemoryGroup? TryCreate(long? limit, out string? whyNot)
    {
        var folder = Path.Combine(Mount, Own(), $"wan-bench-{Path.GetRandomFileName()}");
        try
        {
            if (!File.Exists(Path.Combine(Mount, "memory.limit_in_bytes")))
            {
                whyNot =
                    "limits were not enforced and only private memory was counted: this system has no "
                    + "control groups of version 1 for memory";
                return null;
            }

            Directory.CreateDirectory(folder);
            if (limit is { } bytes)
            {
                File.WriteAllText(Path.Combine(folder, "memory.limit_in_bytes"), bytes.ToString(CultureInfo.InvariantCulture));
            }

            whyNot = null;
            return new MemoryGroup(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            whyNot = $"limits were not enforced and only private memory was counted: no control group can be made here ({e.Message})";
            return null;
        }
    }

    /// <summary>Removes the group; its processes must have ended.</summary>
    public void Dispose()
    {
        try
        {
            Directory.Delete(Folder);
        }
        catch (IOException)
        {
            // A process that was just killed may still be ending: an empty group costs nothing.
        }
    }

    private static string Own() =>
        File.Exists("/proc/self/cgroup")
            ? File.ReadLines("/proc/self/cgroup")
                .Select(line => line.Split(':', 3))
                .FirstOrDefault(parts => parts[1].Split(',').Contains("memory"))
                ?[2].Trim('/')
                ?? ""
            : "";
}
