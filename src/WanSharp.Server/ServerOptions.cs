using System.Net;
using WanSharp.Hosting.Batches;

namespace WanSharp.Server;

/// <summary>What a server serves, where, and within which limits.</summary>
public sealed record ServerOptions
{
    /// <summary>The folder of the server's jobs, clips and uploads. One server at a time has it.</summary>
    public required string DataFolder { get; init; }

    /// <summary>Where it listens. Port 0 takes a free one.</summary>
    public IReadOnlyList<IPEndPoint> Endpoints { get; init; } = [new(IPAddress.Loopback, 8000)];

    /// <summary>What makes the clips.</summary>
    public required BackendSettings Backend { get; init; }

    /// <summary>The format of clips that ask for none, as an extension with its dot. Default: <c>.mp4</c>.</summary>
    public string Format { get; init; } = ".mp4";

    /// <summary>A file of styles beyond the program's and the user's own. Default: null, none.</summary>
    public string? StylesFile { get; init; }

    /// <summary>Attempts per job before it has failed, 1 to 100. Default: 3.</summary>
    public int Attempts { get; init; } = 3;

    /// <summary>Jobs that may wait; requests beyond that are answered with 429. Default: 10,000.</summary>
    public int MostQueued { get; init; } = 10_000;

    /// <summary>How long a clip is kept after it was made. Default: null, until it is deleted.</summary>
    public TimeSpan? Keep { get; init; }

    /// <summary>Whether the model is loaded at once. Default: false, when the first request needs it.</summary>
    public bool Warm { get; init; }

    /// <summary>Whether jobs that wait are made although the model's files have changed since. Default: false.</summary>
    public bool AllowsModelChange { get; init; }

    /// <summary>
    /// Hosts that pictures may be fetched from, such as <c>pictures.example.com</c>; <c>*</c> for all that have public addresses. Default:
    /// none.
    /// </summary>
    public IReadOnlyList<string> FetchHosts { get; init; } = [];

    /// <summary>
    /// Names that clients call the server by, beyond its addresses, <c>localhost</c> and the machine's name. Default: none.
    /// </summary>
    public IReadOnlyList<string> HostNames { get; init; } = [];

    /// <summary>Addresses that are told of each video that is done or failed. Default: none.</summary>
    public IReadOnlyList<Uri> Webhooks { get; init; } = [];

    /// <summary>The longest body of a request, in bytes, its pictures included. Default: 64 MiB.</summary>
    public long MostBodyBytes { get; init; } = 64L << 20;

    /// <summary>The bytes of all files of requests that are kept at a time.</summary>
    internal long MostUploadBytes { get; init; } = 16L << 30;

    /// <summary>How long an answer waits for the copy of a clip that is in the cache.</summary>
    internal TimeSpan LongestCopy { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long an address may take to answer a message.</summary>
    internal TimeSpan LongestWebhook { get; init; } = TimeSpan.FromSeconds(15);
}
