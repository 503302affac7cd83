namespace WanSharp.Jobs.Comfy;

/// <summary>How patient a <see cref="ComfyBackend"/> is.</summary>
public sealed record ComfyBackendOptions
{
    /// <summary>How long an answer may take, but for the file of a clip. Default: 30 s.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a server may be out of reach while it has a job, as when it restarts. Default: 30 s.</summary>
    public TimeSpan LostAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a job may run without a sign: loading a large model is the longest silence. Default: 15 min.</summary>
    public TimeSpan SilentAfter { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How often to ask for a job of which no message comes. Default: 2 s.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Jobs at a server at once: one that runs, and one that waits so that the server never does. Default: 2.</summary>
    public int JobsPerServer { get; init; } = 2;

    /// <summary>The longest file that is taken for a clip. Default: 4 GB.</summary>
    public long MaximumClipBytes { get; init; } = 4_000_000_000;

    /// <summary>The clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
