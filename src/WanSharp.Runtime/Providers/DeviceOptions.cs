using WanSharp.Tensors;

namespace WanSharp.Runtime.Providers;

/// <summary>How a provider uses its device, in words of our own; <see cref="DeviceTuning"/> knows each provider's.</summary>
public sealed record DeviceOptions
{
    /// <summary>Which of several devices. Default: 0, the first. Range: 0 and up.</summary>
    public int Device { get; init; }

    /// <summary>The most bytes of the device's memory to use. Default: null, all of it.</summary>
    public long? MemoryLimit { get; init; }

    /// <summary>The element type of matrix products: F32 (default), F16 or BF16. In F32, TF32's shortcuts are off.</summary>
    public DType Compute { get; init; } = DType.F32;

    /// <summary>Where built engines and their timings are kept. Default: null, nowhere.</summary>
    public string? CacheFolder { get; init; }

    /// <summary>
    /// The ranges of shapes that engines are built for; every input with a symbolic shape, or none. Default: none, one range for
    /// each run's shapes.
    /// </summary>
    public IReadOnlyList<ShapeBucket> Buckets { get; init; } = [];

    /// <summary>
    /// Whether shapes and addresses stay the same from run to run, so that a run can be recorded and played back. Default: no.
    /// </summary>
    public bool StaticShapes { get; init; }
}
