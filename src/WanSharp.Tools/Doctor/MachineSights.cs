using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using WanSharp.Engine.Costs;
using WanSharp.Hosting;
using WanSharp.Media;
using WanSharp.Media.Clips;
using WanSharp.Runtime;
using WanSharp.Runtime.Memory;
using WanSharp.Runtime.Providers;
using WanSharp.Tensors;

namespace WanSharp.Tools.Doctor;

/// <summary>Looks at a machine.</summary>
/// <param name="host">Where things are.</param>
/// <param name="root">Where the system's own files are: the root of the file system, except in tests.</param>
internal sealed class MachineSights(WanHost host, string root = "/")
{
    private const int ProbeBytes = 64 << 20;
    private const int ChunkBytes = 4 << 20;

    private static readonly string[] LocaleVariables = ["LC_ALL", "LC_CTYPE", "LANG"]; // the first that is set counts

    private static readonly (OutputKind Kind, string Name)[] Formats =
    [
        (OutputKind.Mp4, ".mp4"),
        (OutputKind.WebM, ".webm"),
        (OutputKind.Gif, ".gif"),
    ];

    /// <summary>Looks.</summary>
    public async Task<MachineSight> LookAsync(CancellationToken cancellationToken)
    {
        var options = host.Options;
        var sight = new MachineSight
        {
            Processor = MachineName.Read(),
            Features = ProcessorFeatures.Describe(),
            Processors = Environment.ProcessorCount,
            QuotaProcessors = Quota(),
            Load = Number("proc/loadavg", 0),
            HasIntegerProducts = ProcessorFeatures.HasIntegerProducts,
            HugePages = HugePages(),
            Memory = root == "/" ? HostMemoryFacts.Read() : HostMemoryFacts.Read(root),
            CacheFolder = options.CacheFolder,
            Framework = RuntimeInformation.FrameworkDescription,
            LibraryIsNamed = options.OnnxRuntimeLibrary is not null,
            Now = options.Clock.GetUtcNow(),
            Locale = LocaleVariables.Select(options.Variable).FirstOrDefault(value => value is not null),
            TemporaryProblem = Try(() => WorkFolder.CreateTemporary().Dispose()),
            PresetsProblem = Try(() => host.OpenPresets()),
        };
        sight = Library(Disk(sight, cancellationToken));
        return await FfmpegAsync(sight, cancellationToken).ConfigureAwait(false);
    }

    private MachineSight Disk(MachineSight sight, CancellationToken cancellationToken)
    {
        var folder = host.Options.CacheFolder;
        try
        {
            Directory.CreateDirectory(folder);
            using var work = WorkFolder.Create(folder);
            var room = new DriveInfo(work.Path).AvailableFreeSpace;
            var before = host.Options.Clock.GetUtcNow();
            var speed = room > 4L * ProbeBytes ? Speed(work["probe"], cancellationToken) : null;
            var dated = File.Exists(work["probe"]) ? File.GetLastWriteTimeUtc(work["probe"]) : before.UtcDateTime;
            var after = host.Options.Clock.GetUtcNow();
            return sight with
            {
                CacheRoom = room,
                DiskBytesPerSecond = speed,
                FileClockSkew =
                    dated < before.UtcDateTime ? dated - before.UtcDateTime
                    : dated > after.UtcDateTime ? dated - after.UtcDateTime
                    : TimeSpan.Zero,
                DamagedEntries = [.. host.Caches.Statistics().Select(section => (section.Section, section.Statistics.Damaged))],
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return sight with { CacheProblem = e.Message.TrimEnd('.') };
        }
    }

    private static double? Speed(string file, CancellationToken cancellationToken)
    {
        var chunk = new byte[ChunkBytes];
        chunk.AsSpan().Fill(0x5A);
        var started = Stopwatch.GetTimestamp();
        using (var stream = new FileStream(file, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
        {
            for (var written = 0; written < ProbeBytes; written += ChunkBytes)
            {
                cancellationToken.ThrowIfCancellationRequested();
                stream.Write(chunk);
            }

            stream.Flush(flushToDisk: true);
        }

        return ProbeBytes / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private MachineSight Library(MachineSight sight)
    {
        try
        {
            using var runtime = host.OpenRuntime(threads: 1);
            return sight with { LibraryVersion = runtime.Version, Providers = runtime.AvailableProviders };
        }
        catch (Exception e) when (e is OrtLibraryException or OrtException or DllNotFoundException or BadImageFormatException)
        {
            return sight with { LibraryProblem = e.Message.TrimEnd('.') };
        }
    }

    private async Task<MachineSight> FfmpegAsync(MachineSight sight, CancellationToken cancellationToken)
    {
        string? ffmpeg;
        try
        {
            ffmpeg = host.FindFfmpeg();
        }
        catch (MediaException e)
        {
            return sight with { FfmpegProblem = e.Message };
        }

        var lost = new List<string>();
        foreach (var (kind, name) in ffmpeg is null ? [] : Formats)
        {
            try
            {
                await EncoderCheck.RequireAsync(ffmpeg, kind, cancellationToken).ConfigureAwait(false);
            }
            catch (MediaException)
            {
                lost.Add(name);
            }
        }

        return sight with
        {
            Ffmpeg = ffmpeg,
            FormatsLost = lost,
        };
    }

    /// <summary>"50000 100000" in version 2 of control groups: half a processor.</summary>
    private double? Quota() =>
        Number("sys/fs/cgroup/cpu.max", 0) is { } quota && Number("sys/fs/cgroup/cpu.max", 1) is > 0 and { } period ? quota / period
        : Number("sys/fs/cgroup/cpu/cpu.cfs_quota_us", 0) is > 0 and { } first
        && Number("sys/fs/cgroup/cpu/cpu.cfs_period_us", 0) is > 0 and { } each
            ? first / each
        : null;

    /// <summary>"always [madvise] never".</summary>
    private string? HugePages() =>
        Words("sys/kernel/mm/transparent_hugepage/enabled").FirstOrDefault(word => word.StartsWith('['))?.Trim('[', ']');

    private double? Number(string file, int word) =>
        Words(file) is { } words
        && words.Length > word
        && double.TryParse(
            words[word],
            NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign,
            CultureInfo.InvariantCulture,
            out var value
        )
            ? value
            : null;

    private string[] Words(string file)
    {
        try
        {
            return PlainFile.ReadAllText(Path.Combine(root, file)).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // not this kind of system
        }
    }

    private static string? Try(Action action)
    {
        try
        {
            action();
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return e.Message.TrimEnd('.');
        }
    }
}
