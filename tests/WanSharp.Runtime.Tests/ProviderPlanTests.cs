using WanSharp.Runtime.Providers;

namespace WanSharp.Runtime.Tests;

public sealed class ProviderPlanTests
{
    private static readonly Dictionary<string, string> None = [];

    [Fact]
    public void For_Cpu_AppendsNothing() => Assert.Empty(ProviderPlan.For("cpu", None));

    [Fact]
    public void For_CpuWithOptions_SaysThatItHasNone()
    {
        var error = Assert.Throws<ArgumentException>(() => ProviderPlan.For("cpu", new Dictionary<string, string> { ["device_id"] = "0" }));

        Assert.Contains("device_id", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void For_Cuda_UsesItsOwnFunctionsAndPassesOptionsOn()
    {
        var options = new Dictionary<string, string> { ["device_id"] = "1", ["gpu_mem_limit"] = "8589934592" };

        var step = Assert.Single(ProviderPlan.For("CUDA", options));

        Assert.Equal(ProviderKind.Cuda, step.Kind);
        Assert.Same(options, step.Options);
    }

    [Fact]
    public void For_TensorRt_IsFollowedByCudaOnTheSameDevice()
    {
        var options = new Dictionary<string, string> { ["device_id"] = "1", ["trt_fp16_enable"] = "1" };

        var steps = ProviderPlan.For("tensorrt", options);

        Assert.Equal([ProviderKind.TensorRt, ProviderKind.Cuda], steps.Select(step => step.Kind));
        Assert.Same(options, steps[0].Options);
        Assert.Equal([KeyValuePair.Create("device_id", "1")], steps[1].Options);
    }

    [Theory]
    [InlineData("webgpu", "WebGPU")]
    [InlineData("WebGpuExecutionProvider", "WebGPU")]
    [InlineData("dml", "DML")]
    [InlineData("coreml", "CoreML")]
    [InlineData("xnnpack", "XNNPACK")]
    [InlineData("SomethingNew", "SomethingNew")]
    public void For_OtherProviders_SpellsTheNameAsTheLibraryDoes(string provider, string expected)
    {
        var step = Assert.Single(ProviderPlan.For(provider, None));

        Assert.Equal((ProviderKind.Named, expected), (step.Kind, step.Name));
    }
}
