using WanSharp.Graphs;
using WanSharp.Runtime;
using WanSharp.Tensors;

namespace WanSharp.Engine.Requests;

/// <summary>The names of the number formats of a transformer's blocks, as users write them and clips record them.</summary>
public static class Precision
{
    /// <summary>Floats of 32 bits, as everywhere else in the networks.</summary>
    public const string Full = "fp32";

    /// <summary>8-bit integers: faster on a processor, at a small loss.</summary>
    public const string EightBit = "int8";

    /// <summary>The name of what networks are written with.</summary>
    public static string NameOf(Quantization quantization) => quantization == Quantization.None ? Full : EightBit;

    /// <summary>Checks that a provider can compute in a format.</summary>
    /// <exception cref="InvalidRequestException">It cannot.</exception>
    internal static void Require(Quantization quantization, SessionSettings settings)
    {
        if (quantization != Quantization.None && !settings.IsOnHost)
        {
            throw new InvalidRequestException(
                "precision",
                $"The precision {NameOf(quantization)} is for the CPU; the provider {settings.Provider} computes in floating point: "
                    + $"choose {Full}, or the provider cpu."
            );
        }
    }
}
