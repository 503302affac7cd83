using WanSharp.Tensors;

namespace WanSharp.Tools.Benchmarks;

/// <summary>Looks at a disk before much is written to it.</summary>
internal static class DiskRoom
{
    private const long Spare = 1L << 30; // for whoever else writes

    /// <exception cref="BenchmarkException">The folder's disk has no room for this many bytes.</exception>
    public static void Require(string folder, long bytes)
    {
        var free = new DriveInfo(Directory.CreateDirectory(folder).FullName).AvailableFreeSpace;
        if (free < bytes + Spare)
        {
            throw new BenchmarkException(
                $"{folder} needs room for {ByteSize.Text(bytes + Spare)} and has {ByteSize.Text(free)}: name another disk's folder in "
                    + "WAN_CACHE, or free some."
            );
        }
    }
}
