using WanSharp.Runtime.Memory;

namespace WanSharp.Engine.Memory;

/// <summary>How much memory may be used, and what limits it.</summary>
/// <param name="Bytes">The bytes; <see cref="long.MaxValue"/> where nothing limits them.</param>
/// <param name="Why">The limit that applies, such as <c>--memory</c>.</param>
public sealed record MemoryAllowance(long Bytes, string Why)
{
    /// <summary>Nothing limits it.</summary>
    public static MemoryAllowance Unlimited { get; } = new(long.MaxValue, "no limit");

    /// <summary>Combines the limits into one for the memory that computes. Pure.</summary>
    /// <param name="memory">The limit of the memory that computes: a device's, or the host's on a processor; null for none.</param>
    /// <param name="hostMemory">The limit of the host's memory; null for none.</param>
    /// <param name="isOnHost">Whether the processor computes, so that both limits are of the same memory and the smaller one
    /// counts.</param>
    /// <param name="host">The host's memory as it is now; null to ignore it.</param>
    /// <param name="device">What was free of a device's memory; null where that is not known.</param>
    public static MemoryAllowance Of(long? memory, long? hostMemory, bool isOnHost, HostMemoryFacts? host, long? device = null) =>
        isOnHost
            ? Smallest(
                (memory, "--memory"),
                (hostMemory, "--host-memory"),
                (host?.Limit, "the control group's limit"),
                (host?.Available, "free now")
            )
            : Smallest((memory, "--memory"), (device, "free on the device"));

    /// <summary>What the host may hold in addition to a device: staged weights, mapped pages, frames.</summary>
    /// <inheritdoc cref="Of" path="/param"/>
    internal static MemoryAllowance OfHost(long? hostMemory, HostMemoryFacts? host) =>
        Smallest((hostMemory, "--host-memory"), (host?.Limit, "the control group's limit"), (host?.Available, "free now"));

    /// <summary>Reads the memory that may be used, again and again; null if no limit is set.</summary>
    /// <param name="memory">The limit of the memory that computes; null for none.</param>
    /// <param name="hostMemory">The limit of the host's memory; null for none.</param>
    /// <param name="isOnHost">Whether the processor computes.</param>
    /// <param name="always">Whether the host's own limits count even where none is set.</param>
    /// <param name="facts">Reads the host's memory.</param>
    /// <param name="device">What was free of a device's memory; null where that is not known.</param>
    internal static Func<MemoryAllowance>? Reader(
        long? memory,
        long? hostMemory,
        bool isOnHost,
        bool always,
        Func<HostMemoryFacts> facts,
        long? device = null
    ) =>
        !always && memory is null && hostMemory is null && (isOnHost || device is null) ? null
        : isOnHost ? () => Of(memory, hostMemory, isOnHost, facts())
        : () => Of(memory, hostMemory: null, isOnHost, host: null, device);

    private static MemoryAllowance Smallest(params IEnumerable<(long? Bytes, string Why)> limits) =>
        limits
            .Where(limit => limit.Bytes is not null)
            .Select(limit => new MemoryAllowance(limit.Bytes!.Value, limit.Why))
            .MinBy(limit => limit.Bytes)
        ?? Unlimited;
}
