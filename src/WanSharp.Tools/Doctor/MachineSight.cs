using WanSharp.Runtime.Memory;

namespace WanSharp.Tools.Doctor;

/// <summary>What can be seen of a machine.</summary>
internal sealed record MachineSight
{
    public required string Processor { get; init; }

    public required string Features { get; init; }

    public required int Processors { get; init; }

    /// <summary>How many processors the control group allows; null for all.</summary>
    public double? QuotaProcessors { get; init; }

    /// <summary>How many programs wanted a processor in the last minute, in the mean; null where the system does not say.</summary>
    public double? Load { get; init; }

    public required bool HasIntegerProducts { get; init; }

    /// <summary>always, madvise or never; null where the system does not say.</summary>
    public string? HugePages { get; init; }

    public required HostMemoryFacts Memory { get; init; }

    public required string CacheFolder { get; init; }

    /// <summary>Why it cannot be written; null if it can.</summary>
    public string? CacheProblem { get; init; }

    public long? CacheRoom { get; init; }

    public double? DiskBytesPerSecond { get; init; }

    public string? TemporaryProblem { get; init; }

    public string? LibraryVersion { get; init; }

    public string? LibraryProblem { get; init; }

    /// <summary>Whether an environment variable names the library.</summary>
    public bool LibraryIsNamed { get; init; }

    public IReadOnlyList<string> Providers { get; init; } = [];

    public required string Framework { get; init; }

    public string? Ffmpeg { get; init; }

    public string? FfmpegProblem { get; init; }

    /// <summary>Formats that the ffmpeg cannot write.</summary>
    public IReadOnlyList<string> FormatsLost { get; init; } = [];

    public required DateTimeOffset Now { get; init; }

    /// <summary>How much later a new file is dated than the clock says.</summary>
    public TimeSpan? FileClockSkew { get; init; }

    /// <summary>The locale that environment variables set; null for none.</summary>
    public string? Locale { get; init; }

    public IReadOnlyList<(string Section, long Damaged)> DamagedEntries { get; init; } = [];

    /// <summary>Why the user's presets cannot be read; null if they can.</summary>
    public string? PresetsProblem { get; init; }
}
