using WanSharp.Runtime.Providers;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Tests;

public sealed class ComputeTableTests
{
    [Theory]
    [InlineData("cuda", "9.0", DType.F8E4M3, DType.BF16, DType.F8E4M3, "e4m3 compiles")]
    [InlineData("tensorrt", "8.9", DType.F8E4M3, DType.BF16, DType.F8E4M3, "e4m3 compiles")]
    [InlineData("cuda", "8.6", DType.F8E4M3, DType.F16, DType.F16, "e4m3 compiles from 8.9 on")]
    [InlineData("cuda", "7.5", DType.F8E4M3, DType.F16, DType.F16, "e4m3 compiles from 8.9 on")]
    [InlineData("cuda", "8.9", DType.F8E5M2, DType.F16, DType.F8E5M2, "e5m2")]
    [InlineData("cuda", "7.0", DType.F8E5M2, DType.F16, DType.F8E5M2, "e5m2")]
    [InlineData("CUDAExecutionProvider", "8.0", DType.BF16, DType.BF16, DType.BF16, "BF16")]
    [InlineData("cuda", "12.0", DType.F32, DType.BF16, DType.BF16, "BF16")]
    [InlineData("cuda", "7.5", DType.BF16, DType.F16, DType.F16, "BF16 comes with 8.0")]
    [InlineData("cuda", "6.1", DType.F8E4M3, DType.F32, DType.F32, "no units for F16")]
    [InlineData("cuda", null, DType.F16, DType.F32, DType.F32, "not known")]
    [InlineData("dml", null, DType.F8E4M3, DType.F16, DType.F16, "DirectML")]
    [InlineData("coreml", null, DType.F16, DType.F16, DType.F16, "F16")]
    [InlineData("qnn", null, DType.F16, DType.F16, DType.F16, "F16")]
    [InlineData("webgpu", null, DType.F16, DType.F32, DType.F32, "may lack")]
    [InlineData("vitis", null, DType.F16, DType.F32, DType.F32, "nothing is known")]
    public void Choose_OnADevice_TakesWhatCompilesThere(
        string provider,
        string? capability,
        DType stored,
        DType compute,
        DType weights,
        string why
    )
    {
        var choice = ComputeTable.Choose(
            new ComputeFacts
            {
                Provider = provider,
                ComputeCapability = capability is null ? null : Version.Parse(capability),
                Stored = stored,
            }
        );

        Assert.Equal((compute, weights, false), (choice.Compute, choice.Weights, choice.OffersIntegers));
        Assert.Contains(why, choice.Why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, "--precision int8")]
    [InlineData(false, "would gain little")]
    public void Choose_OnAProcessor_StaysExactAndOffersIntegersByItsFeatures(bool hasIntegers, string why)
    {
        var choice = ComputeTable.Choose(
            new ComputeFacts
            {
                Provider = "cpu",
                HasIntegerProducts = hasIntegers,
                Stored = DType.F8E4M3,
            }
        );

        Assert.Equal((DType.F32, DType.F32, hasIntegers), (choice.Compute, choice.Weights, choice.OffersIntegers));
        Assert.Contains(why, choice.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void OfThisProcessor_AgreesWithWhatTheSystemSays()
    {
        var flags = File.Exists("/proc/cpuinfo")
            ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("flags", StringComparison.Ordinal))
            : null;
        Assert.SkipWhen(flags is null, "This system does not list the processor's features.");

        string[] wanted = ["avx512_vnni", "avx_vnni", "amx_int8"];
        Assert.Equal(wanted.Any(flags!.Split(' ').Contains), ComputeFacts.OfThisProcessor().HasIntegerProducts);
    }
}
