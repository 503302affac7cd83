using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace WanSharp.Runtime.Packing;

/// <summary>What decides how a matrix kernel wants its weights: packed weights serve processors that agree in it.</summary>
internal static class ProcessorFeatures
{
    /// <summary>The architecture and the vector instructions, such as <c>X64 avx2 fma avx512f</c>.</summary>
    public static string Describe() => string.Join(' ', Names());

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
