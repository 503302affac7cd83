using WanSharp.Graphs;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Providers;

/// <summary>
/// The table of execution providers: the one place where a provider's name decides anything. The rest of the program reads its row.
/// </summary>
/// <remarks>
/// Names to append are those that microsoft/onnxruntime:onnxruntime/core/session/provider_registration.cc compares with; options
/// those of …/core/providers/cuda/cuda_execution_provider_info.cc, …/tensorrt/tensorrt_execution_provider_info.cc and
/// …/webgpu/webgpu_provider_options.h. TensorRT, CoreML and their kin read ONNX alone: fused operators would leave their engines for
/// the CPU.
/// </remarks>
public static class ProviderProfiles
{
    private const string Suffix = "ExecutionProvider";
    private const string DeviceId = "device_id";

    /// <summary>The processor. The library appends it itself, last, to every session.</summary>
    public static ProviderProfile Cpu { get; } =
        new()
        {
            ShortName = "cpu",
            OrtName = "CPU",
            Title = "the processor",
            IsHost = true,
            Needs = ProviderNeeds.Nothing,
            Append = ProviderKind.None,
            Graphs = new GraphOptions { NarrowOperators = NarrowOperators.Moves },
        };

    /// <summary>NVIDIA's devices.</summary>
    public static ProviderProfile Cuda { get; } =
        new()
        {
            ShortName = "cuda",
            OrtName = "CUDA",
            Title = "CUDA",
            Needs = ProviderNeeds.Cuda,
            Append = ProviderKind.Cuda,
            MemoryNames = ["Cuda"],
            HasOwnLibrary = true,
            Options = new Dictionary<string, string>
            {
                [DeviceId] = "0",
                ["arena_extend_strategy"] = "kSameAsRequested", // not to the next power of two: activations are large
                ["use_tf32"] = "0", // 10 bits of mantissa would be F16 by another name
            },
            NarrowType = DType.F16,
            LeastCapability = new Version(7, 0), // Volta: the first with matrix units
            MemoryOption = "gpu_mem_limit",
            RecordingOptions = ["enable_cuda_graph"],
        };

    /// <summary>NVIDIA's devices, through engines that are built for shapes; CUDA takes what it leaves.</summary>
    public static ProviderProfile TensorRt { get; } =
        new()
        {
            ShortName = "tensorrt",
            OrtName = "TensorRT",
            Aliases = ["trt"],
            Title = "TensorRT",
            Needs = ProviderNeeds.Cuda,
            Append = ProviderKind.TensorRt,
            Fallback = "cuda",
            MemoryNames = ["Cuda"],
            Graphs = new GraphOptions { Lowering = Lowering.Plain },
            BuildsForShapes = true,
            HasOwnLibrary = true,
            Options = new Dictionary<string, string> { [DeviceId] = "0" },
            MemoryOption = "trt_max_workspace_size",
            FolderOptions = ["trt_engine_cache_path", "trt_timing_cache_path"],
            KeepOptions = ["trt_engine_cache_enable", "trt_timing_cache_enable"],
            RecordingOptions = ["trt_cuda_graph_enable"],
        };

    /// <summary>GPUs through Vulkan, Direct3D 12 or Metal.</summary>
    /// <remarks>
    /// It has all of our fused operators, but its attention for 32 queries and more counts on wide subgroups and is wrong on
    /// devices without (SwiftShader's have four lanes), which the trial before the first use finds.
    /// </remarks>
    public static ProviderProfile WebGpu { get; } =
        new()
        {
            ShortName = "webgpu",
            OrtName = "WebGPU",
            Title = "WebGPU",
            Needs = ProviderNeeds.Gpu,
            MemoryNames = ["WebGPU_Buf", "WebGPU_Buffer"],
            SharesDevice = true,
            NarrowType = DType.F16,
            RecordingOptions = ["enableGraphCapture", "ep.webgpuexecutionprovider.enableGraphCapture"],
        };

    /// <summary>The rows, in the order in which they are listed, and the first fast one is chosen.</summary>
    public static IReadOnlyList<ProviderProfile> All { get; } =
    [
        Cuda,
        TensorRt,
        WebGpu,
        new()
        {
            ShortName = "dml",
            OrtName = "DML",
            Aliases = ["directml"],
            Title = "DirectML",
            Needs = ProviderNeeds.Windows,
            MemoryNames = ["DML"],
            SharesDevice = true,
            Options = new Dictionary<string, string> { [DeviceId] = "0" },
        },
        new()
        {
            ShortName = "coreml",
            OrtName = "CoreML",
            Title = "CoreML",
            Needs = ProviderNeeds.MacOS,
            Graphs = new GraphOptions { Lowering = Lowering.Plain },
        },
        Cpu,
        new()
        {
            ShortName = "openvino",
            OrtName = "OpenVINO",
            Graphs = new GraphOptions { Lowering = Lowering.Plain },
            HasOwnLibrary = true,
        },
        new()
        {
            ShortName = "qnn",
            OrtName = "QNN",
            Graphs = new GraphOptions { Lowering = Lowering.Plain },
        },
        new()
        {
            ShortName = "xnnpack",
            OrtName = "XNNPACK",
            Graphs = new GraphOptions { Lowering = Lowering.Plain },
        },
        new()
        {
            ShortName = "rocm",
            OrtName = "rocm",
            HasOwnLibrary = true,
        },
        new()
        {
            ShortName = "migraphx",
            OrtName = "migraphx",
            HasOwnLibrary = true,
        },
        new()
        {
            ShortName = "dnnl",
            OrtName = "dnnl",
            HasOwnLibrary = true,
        },
    ];

    /// <summary>The row of a provider by any of its names, ignoring case; a row of assumptions for one that is not in the table.</summary>
    /// <param name="name">A short name, an alias, or the library's name: <c>CUDAExecutionProvider</c>.</param>
    public static ProviderProfile Of(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var written = name.EndsWith(Suffix, StringComparison.OrdinalIgnoreCase) ? name[..^Suffix.Length] : name;
        return All.FirstOrDefault(row => Is(row, written)) ?? new ProviderProfile { ShortName = Lower(written), OrtName = name };
    }

    /// <summary>A provider's short name: <c>cuda</c> for <c>CUDAExecutionProvider</c>.</summary>
    public static string Normalize(string name) => Of(name).ShortName;

    private static bool Is(ProviderProfile row, string name) =>
        row.Aliases.Append(row.ShortName).Contains(name, StringComparer.OrdinalIgnoreCase);

#pragma warning disable CA1308 // Short names are lower case everywhere: on the command line, in documents.
    private static string Lower(string name) => name.ToLowerInvariant();
#pragma warning restore CA1308
}
