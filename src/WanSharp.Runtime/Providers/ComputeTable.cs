using WanSharp.Tensors;

namespace WanSharp.Runtime.Providers;

/// <summary>What to compute in, by provider, compute capability and processor. Pure.</summary>
/// <remarks>
/// NVIDIA's numbers are those of the CUDA C++ Programming Guide, "Arithmetic Instructions" and "Compute Capabilities": matrix units for
/// F16 from 7.0 on, for BF16 from 8.0, for 8-bit floats from 8.9. The rows for NVIDIA, DirectML and CoreML were not run on such devices.
/// </remarks>
public static class ComputeTable
{
    private static readonly Version Float8 = new(8, 9);
    private static readonly Version BFloat16 = new(8, 0);
    private static readonly Version HalfUnits = new(7, 0);

    /// <summary>The row for a machine.</summary>
    public static ComputeChoice Choose(ComputeFacts facts)
    {
        ArgumentNullException.ThrowIfNull(facts);
        return ProviderPlan.Normalize(facts.Provider) switch
        {
            "cpu" or "xnnpack" => Processor(facts),
            "cuda" or "tensorrt" => Nvidia(facts),
            "webgpu" => new ComputeChoice(DType.F32, DType.F32, false, "WebGPU: F16 is an extension that a device may lack, so F32"),
            "dml" => new ComputeChoice(DType.F16, DType.F16, false, "DirectML: F16 on every device; 8-bit floats do not compile there"),
            "coreml" or "qnn" => new ComputeChoice(DType.F16, DType.F16, false, $"{facts.Provider}: its units compute in F16"),
            _ => new ComputeChoice(DType.F32, DType.F32, false, $"nothing is known of {facts.Provider}'s devices, so F32"),
        };
    }

    private static ComputeChoice Processor(ComputeFacts facts) =>
        facts.HasIntegerProducts
            ? new ComputeChoice(
                DType.F32,
                DType.F32,
                true,
                "the processor computes in F32; it has instructions for 8-bit integers: --precision int8 is faster, at a small loss"
            )
            : new ComputeChoice(
                DType.F32,
                DType.F32,
                false,
                "the processor computes in F32; it has no instructions for 8-bit integers, which would gain little"
            );

    private static ComputeChoice Nvidia(ComputeFacts facts)
    {
        if (facts.ComputeCapability is not { } capability)
        {
            return new ComputeChoice(DType.F32, DType.F32, false, "the device's compute capability is not known, so F32");
        }

        if (capability < HalfUnits)
        {
            return new ComputeChoice(
                DType.F32,
                DType.F32,
                false,
                $"compute capability {capability}: no units for F16 products below 7.0, so F32"
            );
        }

        var (compute, name) = capability >= BFloat16 ? (DType.BF16, "BF16, whose range is F32's") : (DType.F16, "F16; BF16 comes with 8.0");
        return facts.Stored switch
        {
            DType.F8E4M3 when capability >= Float8 => new ComputeChoice(
                compute,
                DType.F8E4M3,
                false,
                $"compute capability {capability}: e4m3 compiles; products in {name}"
            ),
            DType.F8E4M3 => new ComputeChoice(
                DType.F16,
                DType.F16,
                false,
                $"compute capability {capability}: e4m3 compiles from 8.9 on; F16, which holds it without loss"
            ),
            DType.F8E5M2 => new ComputeChoice(
                DType.F16,
                DType.F8E5M2,
                false,
                $"compute capability {capability}: e5m2 is the upper half of an F16 and compiles wherever that does; products in F16"
            ),
            _ => new ComputeChoice(compute, compute, false, $"compute capability {capability}: products in {name}"),
        };
    }
}
