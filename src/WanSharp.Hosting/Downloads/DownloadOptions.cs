namespace WanSharp.Hosting.Downloads;

/// <summary>How files are fetched.</summary>
internal sealed record DownloadOptions
{
    /// <summary>How many connections one file may have, 1 or more. Default: 1.</summary>
    public int Connections { get; init; } = 1;

    /// <summary>How many bytes a connection asks for at once where there are several. Default: 64 MiB.</summary>
    public long SegmentLength { get; init; } = 64L << 20;

    /// <summary>
    /// How many bytes come before they are noted as fetched: as many may be fetched twice if the process is killed. Default: 1 MiB.
    /// </summary>
    public long NoteEvery { get; init; } = 1L << 20;

    /// <summary>The most bytes that a file may have. Default: no limit.</summary>
    public long Longest { get; init; } = long.MaxValue;

    /// <summary>How often a request is sent again that brings nothing. Default: 5; 0 fails at once.</summary>
    public int Retries { get; init; } = 5;

    /// <summary>How long to wait before the first retry; it doubles with each. Default: one second.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest wait that a server may ask for. Default: five minutes.</summary>
    public TimeSpan LongestDelay { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a connection may bring nothing before it is given up. Default: 30 seconds.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Counts the connections of several files; null for no common limit.</summary>
    public SemaphoreSlim? Gate { get; init; }
}
