using WanSharp.Runtime.Memory;
using WanSharp.Tensors;
using static System.FormattableString;

namespace WanSharp.Tools.Doctor;

/// <summary>What facts about a machine mean. Pure.</summary>
internal static class MachineFindings
{
    private const double Giga = 1e9;
    private const double BusyShare = 0.75;
    private const double LittleRoom = 10 * Giga;
    private const double NoRoom = 1 * Giga;
    private const double SlowDisk = 200e6;
    private const double LittleMemory = 2 * Giga;
    private const int FirstYear = 2025;

    private static readonly TimeSpan MostSkew = TimeSpan.FromMinutes(2);

    /// <summary>All findings.</summary>
    public static IEnumerable<Finding> Of(MachineSight machine) =>
        [
            .. Processor(machine),
            .. Memory(machine.Memory),
            .. Disk(machine),
            .. Library(machine),
            .. Ffmpeg(machine),
            .. Clock(machine),
            .. Text(machine),
            .. Caches(machine),
            .. Settings(machine),
        ];

    private static IEnumerable<Finding> Processor(MachineSight machine)
    {
        const string Topic = "processor";
        yield return Finding.Good(Topic, $"{machine.Processor}: {machine.Features}");
        if (machine.QuotaProcessors is { } quota && quota < machine.Processors)
        {
            yield return Finding.Advice(
                Topic,
                $"the control group allows {quota:0.##} of {machine.Processors} processors: more threads wait for each other",
                Invariant($"wan generate \"…\" --threads {Math.Max(1, (int)quota)}")
            );
        }

        if (machine.Load is { } load && load > BusyShare * machine.Processors)
        {
            yield return Finding.Advice(
                Topic,
                Invariant(
                    $"other programs are computing: {load:0.0} wanted a processor in the last minute, and there are {machine.Processors}"
                ),
                "end what is not needed, and measure again"
            );
        }

        if (!machine.HasIntegerProducts)
        {
            yield return Finding.Advice(
                Topic,
                "it has no instruction for products of 8-bit integers (VNNI, AMX, dot product): --precision int8 is hardly faster here",
                "wan generate \"…\" --precision fp32"
            );
        }

        if (machine.HugePages is "never")
        {
            yield return Finding.Advice(
                Topic,
                "large pages are switched off, which costs matrix products several percent",
                "echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled"
            );
        }
    }

    private static IEnumerable<Finding> Memory(HostMemoryFacts memory)
    {
        const string Topic = "memory";
        yield return Finding.Good(Topic, $"{ByteSize.Text(memory.Total)}, {ByteSize.Text(memory.Free)} free");
        if (memory.Limit is { } limit && limit < memory.Total)
        {
            yield return Finding.Advice(
                Topic,
                $"the control group allows {ByteSize.Text(limit)} of {ByteSize.Text(memory.Total)}; what takes more is killed",
                Invariant($"wan generate \"…\" --memory {Math.Max(0.1, 0.8 * limit / Giga):0.0}GB")
            );
        }

        if (memory.Free < LittleMemory)
        {
            yield return Finding.Advice(
                Topic,
                $"only {ByteSize.Text(memory.Free)} are free",
                "end what is not needed, or: wan generate \"…\" --memory auto"
            );
        }
    }

    private static IEnumerable<Finding> Disk(MachineSight machine)
    {
        const string Topic = "disk";
        if (machine.CacheProblem is { } problem)
        {
            yield return Finding.Problem(
                Topic,
                $"the cache folder {machine.CacheFolder} cannot be written: {problem}. Nothing is reused from run to run",
                "export WAN_CACHE=/a/folder/that/can/be/written"
            );
        }
        else if (machine.CacheRoom is { } room)
        {
            yield return room < NoRoom
                ? Finding.Problem(Topic, $"only {ByteSize.Text(room)} are free in {machine.CacheFolder}", "wan cache prune --max-size 5GB")
            : room < LittleRoom
                ? Finding.Advice(Topic, $"only {ByteSize.Text(room)} are free in {machine.CacheFolder}", "wan cache prune --max-size 10GB")
            : Finding.Good(Topic, $"{ByteSize.Text(room)} are free in {machine.CacheFolder}");
        }

        if (machine.DiskBytesPerSecond is { } speed)
        {
            yield return speed < SlowDisk
                ? Finding.Advice(
                    Topic,
                    $"it writes {ByteSize.Text(speed)}/s in {machine.CacheFolder}: packed and merged weights are kept there",
                    "export WAN_CACHE=/a/folder/on/a/faster/disk"
                )
                : Finding.Good(Topic, $"it writes {ByteSize.Text(speed)}/s");
        }

        if (machine.TemporaryProblem is { } temporary)
        {
            yield return Finding.Problem(Topic, $"the folder for temporary files cannot be written: {temporary}", "export TMPDIR=/var/tmp");
        }
    }

    private static IEnumerable<Finding> Library(MachineSight machine)
    {
        const string Topic = "library";
        yield return machine.LibraryProblem is { } problem
            ? Finding.Problem(
                Topic,
                $"ONNX Runtime cannot be loaded: {problem}",
                machine.LibraryIsNamed ? "unset WAN_ONNXRUNTIME" : "wan providers"
            )
            : Finding.Good(
                Topic,
                $"ONNX Runtime {machine.LibraryVersion} with {string.Join(", ", machine.Providers)}; {machine.Framework}"
            );
    }

    private static IEnumerable<Finding> Ffmpeg(MachineSight machine)
    {
        const string Topic = "ffmpeg";
        if (machine.FfmpegProblem is { } problem)
        {
            yield return Finding.Problem(Topic, problem, "unset WAN_FFMPEG");
            yield break;
        }

        if (machine.Ffmpeg is null)
        {
            yield return Finding.Advice(
                Topic,
                "there is none: clips are written as .webp, and .mp4, .webm and .gif cannot be",
                "wan providers install ffmpeg"
            );
            yield break;
        }

        yield return Finding.Good(Topic, machine.Ffmpeg);
        foreach (var format in machine.FormatsLost)
        {
            yield return Finding.Advice(Topic, $"this build cannot write {format}", "wan providers install ffmpeg");
        }
    }

    private static IEnumerable<Finding> Clock(MachineSight machine)
    {
        const string Topic = "clock";
        if (machine.Now.Year < FirstYear)
        {
            yield return Finding.Problem(
                Topic,
                Invariant($"it says {machine.Now:yyyy-MM-dd}: downloads are refused, and caches forget what is new"),
                "sudo timedatectl set-ntp true"
            );
        }

        if (machine.FileClockSkew is { } skew && skew.Duration() > MostSkew)
        {
            yield return Finding.Advice(
                Topic,
                Invariant($"files in the cache folder are dated {skew.TotalSeconds:0} s off: another machine's clock differs"),
                "sudo timedatectl set-ntp true"
            );
        }
    }

    private static IEnumerable<Finding> Text(MachineSight machine)
    {
        const string Topic = "text";
        if (
            machine.Locale is { Length: > 0 } locale
            && !locale.Replace("-", "", StringComparison.Ordinal).Contains("utf8", StringComparison.OrdinalIgnoreCase)
        )
        {
            yield return Finding.Advice(
                Topic,
                $"the locale is {locale}, not UTF-8: letters such as ü and 红 in prompts may not arrive as they were typed",
                "export LC_ALL=C.UTF-8"
            );
        }
    }

    private static IEnumerable<Finding> Caches(MachineSight machine)
    {
        const string Topic = "cache";
        foreach (var (section, damaged) in machine.DamagedEntries.Where(section => section.Damaged > 0))
        {
            yield return Finding.Advice(
                Topic,
                Invariant($"{damaged} entries of {section} were found damaged and made again: a disk that fails, or is full, does that"),
                $"wan cache clear {section}"
            );
        }
    }

    private static IEnumerable<Finding> Settings(MachineSight machine)
    {
        if (machine.PresetsProblem is { } problem)
        {
            yield return Finding.Problem("presets", problem, "wan presets");
        }
    }
}
