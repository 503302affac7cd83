using WanSharp.Tensors;

namespace WanSharp.Runtime.Providers;

/// <summary>A device as NVIDIA's driver describes it. Immutable.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Capability">Its compute capability, such as 8.9.</param>
/// <param name="Driver">The version of CUDA that the driver is for, such as 13.0.</param>
/// <param name="Total">Bytes of its memory.</param>
/// <param name="Free">
/// Bytes of it that nobody has, once this process uses the device; null where it does not let this process in to ask.
/// </param>
public sealed record CudaDevice(string Name, Version Capability, Version Driver, long Total, long? Free)
{
    /// <summary>The device in one clause.</summary>
    public override string ToString() =>
        Free is { } free
            ? $"{Name} of compute capability {Capability}, {ByteSize.Text(free)} of {ByteSize.Text(Total)} free"
            : $"{Name} of compute capability {Capability} with {ByteSize.Text(Total)}; the driver does not say how much of it is free";
}
