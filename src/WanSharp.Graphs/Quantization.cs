namespace WanSharp.Graphs;

/// <summary>
/// Whether the layers that a network marks as tolerant (<see cref="GraphBuilder.TolerantLinear"/>) multiply small integers.
/// </summary>
public enum Quantization
{
    /// <summary>No: they compute in <see cref="GraphOptions.Compute"/> like all others.</summary>
    None,

    /// <summary>
    /// They multiply 8-bit integers: each row of activations has its own scale, and so has each output channel of the
    /// weights. For processors whose matrix kernels are faster for it.
    /// </summary>
    EightBit,
}
