using WanSharp.Storage;

namespace WanSharp.Runtime;

/// <summary>Where trials of providers are kept, and what they depend on.</summary>
public sealed record TrialOptions
{
    /// <summary>Opens the store that keeps them; the caller disposes it. Default: null, each process tries for itself.</summary>
    public Func<ContentStore>? Open { get; init; }

    /// <summary>What tells this machine's devices and drivers from other ones, in any form. Default: nothing.</summary>
    public string Machine { get; init; } = "";

    /// <summary>The clock. Default: the system's.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
