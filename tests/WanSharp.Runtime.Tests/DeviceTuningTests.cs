using WanSharp.Runtime.Providers;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Tests;

/// <summary>What is passed to CUDA and TensorRT, which cannot run here.</summary>
public sealed class DeviceTuningTests
{
    private static readonly Dictionary<string, string> None = [];

    [Fact]
    public void For_Cuda_PassesDeviceLimitAndGraphs()
    {
        var options = DeviceTuning.For(
            "cuda",
            new DeviceOptions
            {
                Device = 1,
                MemoryLimit = 8L << 30,
                StaticShapes = true,
            },
            None
        );

        Assert.Equal(
            ["arena_extend_strategy=kSameAsRequested", "device_id=1", "enable_cuda_graph=1", "gpu_mem_limit=8589934592", "use_tf32=0"],
            Sorted(options)
        );
    }

    [Fact]
    public void For_CudaInF16_LetsTheRestUseTf32() =>
        Assert.Equal("1", DeviceTuning.For("cuda", new DeviceOptions { Compute = DType.F16 }, None)["use_tf32"]);

    [Fact]
    public void For_TensorRt_PassesCachesPrecisionAndProfiles()
    {
        var device = new DeviceOptions
        {
            MemoryLimit = 1 << 30,
            Compute = DType.F16,
            CacheFolder = "/cache",
            Buckets =
            [
                new ShapeBucket("x", [1, 80, 192], [1, 180, 192], [2, 1280, 192]),
                new ShapeBucket("e0", [1, 1, 6, 192], [1, 1, 6, 192], [2, 5, 6, 192]),
            ],
        };

        Assert.Equal(
            [
                "device_id=0",
                "trt_engine_cache_enable=1",
                "trt_engine_cache_path=/cache",
                "trt_fp16_enable=1",
                "trt_max_workspace_size=1073741824",
                "trt_profile_max_shapes=x:2x1280x192,e0:2x5x6x192",
                "trt_profile_min_shapes=x:1x80x192,e0:1x1x6x192",
                "trt_profile_opt_shapes=x:1x180x192,e0:1x1x6x192",
                "trt_timing_cache_enable=1",
                "trt_timing_cache_path=/cache",
            ],
            Sorted(DeviceTuning.For("tensorrt", device, None))
        );
    }

    [Fact]
    public void For_TensorRtInBf16WithStaticShapes_PassesBoth() =>
        Assert.Equal(
            ["device_id=0", "trt_bf16_enable=1", "trt_cuda_graph_enable=1"],
            Sorted(DeviceTuning.For("TensorrtExecutionProvider", new DeviceOptions { Compute = DType.BF16, StaticShapes = true }, None))
        );

    [Theory]
    [InlineData("cuda")]
    [InlineData("tensorrt")]
    public void WithoutRecording_LeavesAllElse(string provider)
    {
        var plain = DeviceTuning.For(provider, new DeviceOptions(), None);

        Assert.Equal(
            Sorted(plain),
            Sorted(DeviceTuning.WithoutRecording(DeviceTuning.For(provider, new DeviceOptions { StaticShapes = true }, None)))
        );
        Assert.Same(plain, DeviceTuning.WithoutRecording(plain));
    }

    [Fact]
    public void NeedsStaticShapes_OfProvidersThatBuildEngines() =>
        Assert.Equal(
            [true, true, false, false],
            ((string[])["tensorrt", "TensorrtExecutionProvider", "cuda", "cpu"]).Select(DeviceTuning.NeedsStaticShapes)
        );

    [Fact]
    public void For_ABucketThatShrinks_NamesTheInput()
    {
        var device = new DeviceOptions { Buckets = [new ShapeBucket("x", [4], [2], [8])] };

        Assert.Contains(
            "'x'",
            Assert.Throws<ArgumentException>(() => DeviceTuning.For("tensorrt", device, None)).Message,
            StringComparison.Ordinal
        );
    }

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
        Assert.Empty(DeviceTuning.For(provider, new DeviceOptions { MemoryLimit = 1 }, None));

    private static IEnumerable<string> Sorted(IReadOnlyDictionary<string, string> options) =>
        options.Select(option => $"{option.Key}={option.Value}").Order(StringComparer.Ordinal);
}
