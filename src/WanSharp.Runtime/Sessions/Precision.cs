using WanSharp.Graphs;
using WanSharp.Runtime.Providers;
using WanSharp.Tensors;

namespace WanSharp.Runtime;

/// <summary>A number format of a model's networks, as users name it and clips record it. Immutable.</summary>
public sealed record Precision
{
    private Precision(string name, DType compute, Quantization quantization = Quantization.None) =>
        (Name, Compute, Quantization) = (name, compute, quantization);

    /// <summary>Floats of 32 bits.</summary>
    public static Precision Full { get; } = new("fp32", DType.F32);

    /// <summary>BF16: the range of floats, and 8 bits of their numbers.</summary>
    public static Precision Brain { get; } = new("bf16", DType.BF16);

    /// <summary>F16: 11 bits of numbers up to 65,504.</summary>
    public static Precision Half { get; } = new("fp16", DType.F16);

    /// <summary>8-bit integers in the transformer's blocks: faster on a processor, at a small loss.</summary>
    public static Precision EightBit { get; } = new("int8", DType.F32, Quantization.EightBit);

    /// <summary>All, the closest to the original first.</summary>
    public static IReadOnlyList<Precision> All { get; } = [Full, Half, Brain, EightBit];

    /// <summary>What users write.</summary>
    public string Name { get; }

    /// <summary>What networks are written for: <see cref="SessionSettings.Compute"/>.</summary>
    public DType Compute { get; }

    /// <summary>Whether the transformer's blocks multiply integers.</summary>
    public Quantization Quantization { get; }

    /// <summary>The precision of a name; null for another.</summary>
    public static Precision? Find(string name) => All.FirstOrDefault(one => one.Name == name);

    /// <summary>The precision of what networks are written with.</summary>
    public static Precision Of(DType compute, Quantization quantization) =>
        quantization != Quantization.None ? EightBit : All.First(one => one.Compute == compute && one.Quantization == Quantization.None);

    /// <summary>Checks that a provider can compute in it.</summary>
    /// <exception cref="InvalidRequestException">It cannot.</exception>
    public void RequireOn(SessionSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        if (Quantization != Quantization.None && !settings.IsOnHost)
        {
            throw new InvalidRequestException(
                "precision",
                $"The precision {Name} is for the CPU; the provider {settings.Provider} computes in floating point: choose {Full}, or "
                    + $"{Half}, or the provider {ProviderProfiles.Cpu.ShortName}."
            );
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
