using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace WanSharp.Runtime.Providers;

/// <summary>What decides how a matrix kernel wants its weights: packed weights serve processors that agree in it.</summary>
internal static class ProcessorFeatures
{
    /// <summary>The architecture and the vector instructions, such as <c>X64 avx2 fma avx512f</c>.</summary>
    public static string Describe() => string.Join(' ', Names());

    /// <summary>
    /// Whether there is an instruction that multiplies 8-bit integers and adds: VNNI of either width, AMX, or Arm's dot product.
    /// </summary>
    public static bool HasIntegerProducts => Dp.IsSupported || (X86Base.IsSupported && HasVnniOrAmx());

    /// <summary>
    /// Leaf 7 of the processor's identification: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2A, CPUID.
    /// </summary>
    private static bool HasVnniOrAmx()
    {
        const int Features = 7;
        const int Avx512Vnni = 1 << 11; // of ECX
        const int AmxInt8 = 1 << 25; // of EDX
        if (X86Base.CpuId(0, 0).Eax < Features)
        {
            return false;
        }

        var (_, _, ecx, edx) = X86Base.CpuId(Features, 0);
        return AvxVnni.IsSupported || (Avx512F.IsSupported && (ecx & Avx512Vnni) != 0) || (Avx512F.IsSupported && (edx & AmxInt8) != 0);
    }

    private static IEnumerable<string> Names()
    {
        yield return RuntimeInformation.ProcessArchitecture.ToString();
        (string Name, bool IsSupported)[] features =
        [
            ("avx", Avx.IsSupported),
            ("avx2", Avx2.IsSupported),
            ("fma", Fma.IsSupported),
            ("avx512f", Avx512F.IsSupported),
            ("avx512vbmi", Avx512Vbmi.IsSupported),
            ("avxvnni", AvxVnni.IsSupported),
            ("neon", AdvSimd.IsSupported),
            ("dotprod", Dp.IsSupported),
        ];
        foreach (var (name, _) in features.Where(feature => feature.IsSupported))
        {
            yield return name;
        }
    }
}
