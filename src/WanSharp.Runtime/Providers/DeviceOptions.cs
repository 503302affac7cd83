namespace WanSharp.Runtime.Providers;

/// <summary>
/// How a provider uses its device, independently of the provider; <see cref="DeviceTuning"/> translates it into the provider's
/// options.
/// </summary>
public sealed record DeviceOptions
{
    /// <summary>The most bytes of the device's memory to use. Default: null, all of it.</summary>
    public long? MemoryLimit { get; init; }

    /// <summary>Where built engines and their timings are kept. Default: null, nowhere.</summary>
    public string? CacheFolder { get; init; }
}
