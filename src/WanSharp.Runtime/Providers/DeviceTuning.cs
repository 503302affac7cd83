using System.Globalization;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Providers;

/// <summary>Turns <see cref="DeviceOptions"/> into a provider's own options. Pure: nothing is looked up or created.</summary>
/// <remarks>
/// The names are those of microsoft/onnxruntime:onnxruntime/core/providers/cuda/cuda_execution_provider_info.cc and
/// …/tensorrt/tensorrt_execution_provider_info.cc.
/// </remarks>
public static class DeviceTuning
{
    private const string CudaRecording = "enable_cuda_graph";
    private const string TensorRtRecording = "trt_cuda_graph_enable";

    /// <summary>The options to pass.</summary>
    /// <param name="provider">The provider's short name.</param>
    /// <param name="device">What is wanted.</param>
    /// <param name="others">Options of the provider that go beyond ours, or replace them.</param>
    /// <exception cref="ArgumentException">A bucket's shapes do not go together.</exception>
    public static IReadOnlyDictionary<string, string> For(string provider, DeviceOptions device, IReadOnlyDictionary<string, string> others)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(others);
        ArgumentOutOfRangeException.ThrowIfNegative(device.Device, nameof(device));
        var options = ProviderPlan.Normalize(provider) switch
        {
            "cuda" => Cuda(device),
            "tensorrt" => TensorRt(device),
            "dml" => new Dictionary<string, string> { ["device_id"] = Text(device.Device) },
            _ => [],
        };
        foreach (var (name, value) in others)
        {
            options[name] = value;
        }

        return options;
    }

    /// <summary>
    /// Whether a provider builds something for the shapes that it meets, which costs more than a run: it is given few shapes,
    /// known beforehand.
    /// </summary>
    /// <param name="provider">The provider's short name.</param>
    public static bool NeedsStaticShapes(string provider) => ProviderPlan.Normalize(provider) == "tensorrt";

    /// <summary>
    /// The options without those that record a run and play it back. A recording is of addresses, too: a block's graph runs
    /// with each block's weights, the whole network with each clip's latents and keys; graphs for any shape cannot be recorded at all.
    /// </summary>
    /// <param name="options">Options of the provider.</param>
    public static IReadOnlyDictionary<string, string> WithoutRecording(IReadOnlyDictionary<string, string> options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options.ContainsKey(CudaRecording) || options.ContainsKey(TensorRtRecording)
            ? options.Where(option => option.Key is not (CudaRecording or TensorRtRecording)).ToDictionary()
            : options;
    }

    private static Dictionary<string, string> Cuda(DeviceOptions device)
    {
        var options = new Dictionary<string, string>
        {
            ["device_id"] = Text(device.Device),
            ["arena_extend_strategy"] = "kSameAsRequested", // not to the next power of two: activations are large
            ["use_tf32"] = device.Compute == DType.F32 ? "0" : "1", // 10 bits of mantissa would be F16 by another name
        };
        if (device.MemoryLimit is { } limit)
        {
            options["gpu_mem_limit"] = Text(limit);
        }

        if (device.StaticShapes)
        {
            options[CudaRecording] = "1";
        }

        return options;
    }

    private static Dictionary<string, string> TensorRt(DeviceOptions device)
    {
        var options = new Dictionary<string, string> { ["device_id"] = Text(device.Device) };
        if (device.MemoryLimit is { } limit)
        {
            options["trt_max_workspace_size"] = Text(limit);
        }

        if (device.Compute == DType.F16)
        {
            options["trt_fp16_enable"] = "1";
        }

        if (device.Compute == DType.BF16)
        {
            options["trt_bf16_enable"] = "1";
        }

        if (device.CacheFolder is { } folder)
        {
            options["trt_engine_cache_enable"] = "1";
            options["trt_engine_cache_path"] = folder;
            options["trt_timing_cache_enable"] = "1";
            options["trt_timing_cache_path"] = folder;
        }

        if (device.Buckets.Count > 0)
        {
            options["trt_profile_min_shapes"] = Profile(device.Buckets, bucket => bucket.Smallest);
            options["trt_profile_opt_shapes"] = Profile(device.Buckets, bucket => bucket.Usual);
            options["trt_profile_max_shapes"] = Profile(device.Buckets, bucket => bucket.Largest);
        }

        if (device.StaticShapes)
        {
            options[TensorRtRecording] = "1";
        }

        return options;
    }

    /// <summary>"x:1x180x192,e0:1x1x6x192": each input's shape.</summary>
    private static string Profile(IReadOnlyList<ShapeBucket> buckets, Func<ShapeBucket, Shape> shapeOf) =>
        string.Join(
            ',',
            buckets.Select(bucket => $"{bucket.Input}:{string.Join('x', Checked(bucket, shapeOf(bucket)).Dims.ToArray().Select(Text))}")
        );

    private static Shape Checked(ShapeBucket bucket, Shape shape)
    {
        var (smallest, usual, largest) = (bucket.Smallest, bucket.Usual, bucket.Largest);
        var fits =
            smallest.Rank == usual.Rank
            && usual.Rank == largest.Rank
            && Enumerable.Range(0, usual.Rank).All(axis => smallest[axis] <= usual[axis] && usual[axis] <= largest[axis]);
        return fits
            ? shape
            : throw new ArgumentException(
                $"The shapes for input '{bucket.Input}' do not grow from {smallest} by {usual} to {largest}.",
                nameof(bucket)
            );
    }

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
