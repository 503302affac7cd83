using WanSharp.Runtime.Memory;
using WanSharp.Tools.Doctor;

namespace WanSharp.Tools.Tests.Doctor;

/// <summary>Each trouble of a machine is named, with the command against it, and a machine without any has none.</summary>
public sealed class MachineFindingsTests
{
    private const long Giga = 1_000_000_000;

    private static readonly MachineSight Healthy = new()
    {
        Processor = "a processor",
        Features = "X64 avx2",
        Processors = 8,
        Load = 0.5,
        HasIntegerProducts = true,
        HugePages = "madvise",
        Memory = new HostMemoryFacts(64 * Giga, 50 * Giga, null),
        CacheFolder = "/cache",
        CacheRoom = 500 * Giga,
        DiskBytesPerSecond = 1e9,
        LibraryVersion = "1.31.1",
        Framework = ".NET",
        Ffmpeg = "/usr/bin/ffmpeg",
        Now = new DateTimeOffset(2026, 11, 30, 0, 0, 0, TimeSpan.Zero),
        FileClockSkew = TimeSpan.Zero,
        Locale = "en_US.UTF-8",
    };

    private static readonly Dictionary<string, (MachineSight Sight, string Topic, string Command)> Troubles = new()
    {
        ["few processors"] = (Healthy with { QuotaProcessors = 2 }, "processor", "wan generate \"…\" --threads 2"),
        ["other programs"] = (Healthy with { Load = 7.5 }, "processor", "end what is not needed"),
        ["no integer products"] = (Healthy with { HasIntegerProducts = false }, "processor", "--precision fp32"),
        ["no large pages"] = (Healthy with { HugePages = "never" }, "processor", "echo madvise"),
        ["a memory limit"] = (Healthy with { Memory = new(64 * Giga, 7 * Giga, 8 * Giga) }, "memory", "--memory 6.4GB"),
        ["no memory"] = (Healthy with { Memory = new(64 * Giga, Giga, null) }, "memory", "--memory auto"),
        ["a cache that cannot be written"] = (Healthy with { CacheProblem = "it is read-only" }, "disk", "WAN_CACHE"),
        ["a full disk"] = (Healthy with { CacheRoom = Giga / 2 }, "disk", "wan cache prune --max-size 5GB"),
        ["little room"] = (Healthy with { CacheRoom = 5 * Giga }, "disk", "wan cache prune --max-size 10GB"),
        ["a slow disk"] = (Healthy with { DiskBytesPerSecond = 40e6 }, "disk", "WAN_CACHE"),
        ["no temporary files"] = (Healthy with { TemporaryProblem = "it is full" }, "disk", "TMPDIR"),
        ["another library"] = (Healthy with { LibraryProblem = "no such file", LibraryIsNamed = true }, "library", "unset WAN_ONNXRUNTIME"),
        ["no ffmpeg"] = (Healthy with { Ffmpeg = null }, "ffmpeg", "wan providers install ffmpeg"),
        ["an ffmpeg without H.264"] = (Healthy with { FormatsLost = [".mp4"] }, "ffmpeg", "wan providers install ffmpeg"),
        ["another ffmpeg"] = (Healthy with { FfmpegProblem = "it is not a program" }, "ffmpeg", "unset WAN_FFMPEG"),
        ["a clock that was never set"] = (Healthy with { Now = DateTimeOffset.UnixEpoch }, "clock", "timedatectl"),
        ["another machine's clock"] = (Healthy with { FileClockSkew = TimeSpan.FromHours(-1) }, "clock", "timedatectl"),
        ["a locale without Unicode"] = (Healthy with { Locale = "C" }, "text", "LC_ALL"),
        ["damaged entries"] = (Healthy with { DamagedEntries = [("weights", 2), ("results", 0)] }, "cache", "wan cache clear weights"),
        ["presets that cannot be read"] = (Healthy with { PresetsProblem = "line 3" }, "presets", "wan presets"),
    };

    public static TheoryData<string> Names => [.. Troubles.Keys];

    [Fact]
    public void Of_AHealthyMachine_IsAllGood() =>
        Assert.All(
            MachineFindings.Of(Healthy),
            finding => Assert.Equal((Severity.Good, (string?)null), (finding.Severity, finding.Command))
        );

    [Theory]
    [MemberData(nameof(Names))]
    public void Of_AMachineWithATrouble_NamesItAlone(string name)
    {
        var (sight, topic, command) = Troubles[name];

        var finding = Assert.Single(MachineFindings.Of(sight), finding => finding.Severity != Severity.Good);

        Assert.Equal(topic, finding.Topic);
        Assert.Contains(command, finding.Command, StringComparison.Ordinal);
    }
}
