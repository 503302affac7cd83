using WanSharp.Runtime.Providers;

namespace WanSharp.Runtime.Tests;

/// <summary>What is passed to CUDA and TensorRT, which cannot run here.</summary>
public sealed class DeviceTuningTests
{
    private static readonly Dictionary<string, string> None = [];

    [Fact]
    public void For_Cuda_PassesDeviceAndLimit() =>
        Assert.Equal(
            ["arena_extend_strategy=kSameAsRequested", "device_id=0", "gpu_mem_limit=8589934592", "use_tf32=0"],
            Sorted(DeviceTuning.For("cuda", new DeviceOptions { MemoryLimit = 8L << 30, CacheFolder = "/cache" }, None))
        );

    [Fact]
    public void For_TensorRt_PassesCachesAndLimit() =>
        Assert.Equal(
            [
                "device_id=0",
                "trt_engine_cache_enable=1",
                "trt_engine_cache_path=/cache",
                "trt_max_workspace_size=1073741824",
                "trt_timing_cache_enable=1",
                "trt_timing_cache_path=/cache",
            ],
            Sorted(DeviceTuning.For("TensorrtExecutionProvider", new DeviceOptions { MemoryLimit = 1 << 30, CacheFolder = "/cache" }, None))
        );

    [Fact]
    public void For_OthersOptions_ReplacesOurs() =>
        Assert.Equal(
            "3",
            DeviceTuning.For("cuda", new DeviceOptions(), new Dictionary<string, string> { ["device_id"] = "3" })["device_id"]
        );

    [Theory]
    [InlineData("cpu")]
    [InlineData("webgpu")]
    public void For_ProvidersWithoutSuchOptions_PassesNothing(string provider) =>
        Assert.Empty(DeviceTuning.For(provider, new DeviceOptions { MemoryLimit = 1, CacheFolder = "/cache" }, None));

    /// <summary>A recorded run would make each clip with the weights and latents of the first: wrong, and no error.</summary>
    [Theory]
    [InlineData("cuda", "enable_cuda_graph")]
    [InlineData("CUDAExecutionProvider", "Enable_Cuda_Graph")]
    [InlineData("tensorrt", "trt_cuda_graph_enable")]
    [InlineData("webgpu", "enableGraphCapture")]
    public void RecordingARun_IsRefused(string provider, string option)
    {
        var options = new Dictionary<string, string> { ["device_id"] = "0", [option] = "1" };

        Assert.Contains(option, DeviceTuning.FindRefused(provider, options), StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => ProviderPlan.For(provider, options));
        Assert.Null(DeviceTuning.FindRefused("cuda", new Dictionary<string, string> { ["device_id"] = "0" }));
    }

    private static IEnumerable<string> Sorted(IReadOnlyDictionary<string, string> options) =>
        options.Select(option => $"{option.Key}={option.Value}").Order(StringComparer.Ordinal);
}
