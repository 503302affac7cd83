using WanSharp.Runtime.Providers;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Tests;

/// <summary>What <c>--precision auto</c> takes, from facts alone.</summary>
public sealed class PrecisionSelectionTests
{
    [Theory]
    [InlineData("cpu", null, null, "fp32", "the processor has no kernels for F16 and BF16")]
    [InlineData("cuda", "9.0", null, "fp16", "compute capability 9.0 was tried")]
    [InlineData("cuda", "7.0", null, "fp16", "are right")]
    [InlineData("cuda", "6.1", null, "fp32", "compute capability 6.1, and matrix units for F16 come with 7.0")]
    [InlineData("cuda", null, null, "fp32", "the driver does not tell")]
    [InlineData("cuda", "8.6", "its numbers are off", "fp32", "fp16 was tried on the device, and its numbers are off")]
    [InlineData("webgpu", null, null, "fp16", "are right")]
    [InlineData("webgpu", null, "it does not compile", "fp32", "it does not compile")]
    [InlineData("tensorrt", "9.0", null, "fp32", "no faster format is known to work on TensorRT")]
    [InlineData("npu9000", null, null, "fp32", "no faster format is known to work on npu9000")]
    public void Choose_OnAProvider_SaysWhatAndWhy(string provider, string? capability, string? problem, string expected, string why)
    {
        var choice = PrecisionSelection.Choose(
            ProviderProfiles.Of(provider),
            () => capability is null ? null : Version.Parse(capability),
            narrow =>
            {
                Assert.Equal(DType.F16, narrow);
                return problem;
            }
        );

        Assert.Equal(expected, choice.Precision.Name);
        Assert.Contains(why, choice.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void OnHost_SaysWhetherIntegersAreWorthIt() =>
        Assert.Equal(ProviderProfiles.Cpu.OffersIntegers, PrecisionSelection.OnHost.Why.Contains("int8", StringComparison.Ordinal));

    [Fact]
    public void RequireOn_ADevice_RefusesIntegersAlone()
    {
        var device = new SessionSettings { Provider = "webgpu" };

        Assert.Contains(
            "fp16",
            Assert.Throws<InvalidRequestException>(() => Precision.EightBit.RequireOn(device)).Message,
            StringComparison.Ordinal
        );
        Precision.Half.RequireOn(device);
        Precision.EightBit.RequireOn(new SessionSettings());
    }

    [Fact]
    public void All_AreFoundByNameAndByWhatTheyAre() =>
        Assert.All(Precision.All, one => Assert.Equal((one, one), (Precision.Find(one.Name), Precision.Of(one.Compute, one.Quantization))));
}
