namespace WanSharp.Jobs.Comfy;

/// <summary>How patient a <see cref="ComfyBackend"/> is.</summary>
public sealed record ComfyBackendOptions
{
    /// <summary>How long an answer may take; for the file of a clip, each part of it. Default: 30 s.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long the server of a job may be out of reach before another server, if there is one, gets the job. Default: 30 s.
    /// </summary>
    public TimeSpan LostAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long to wait when none of the servers can be reached, before the run stops. Default: 1 h.</summary>
    public TimeSpan ServerWait { get; init; } = TimeSpan.FromHours(1);

    /// <summary>
    /// The same while none of the servers has ever answered this backend: the address may be wrong. Default: 1 min.
    /// </summary>
    public TimeSpan FirstWait { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a job may run without a message: loading a large model is the longest silence. Default: 15 min.</summary>
    public TimeSpan SilentAfter { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How long a job that was stopped for its silence may take to end: a node ends its step first. Default: 2 min.</summary>
    public TimeSpan StopWithin { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How often to ask about a job that sends no messages, and whether a lost server is back. Default: 2 s.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Jobs at a server at once: one that runs, and one that waits so that the server never does. Default: 2.</summary>
    public int JobsPerServer { get; init; } = 2;

    /// <summary>The largest file that is accepted as a clip. Default: 4 GB.</summary>
    public long MaximumClipBytes { get; init; } = 4_000_000_000;

    /// <summary>Receives a line when the run waits for servers, and when it continues. Default: null.</summary>
    public Action<string>? Notice { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
