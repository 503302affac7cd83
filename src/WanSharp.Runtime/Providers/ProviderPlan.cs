namespace WanSharp.Runtime.Providers;

/// <summary>Which providers a session appends for the one that the user named, in order of preference.</summary>
internal static class ProviderPlan
{
    private const string DeviceId = "device_id";

    private static readonly IReadOnlyDictionary<string, string> None = new Dictionary<string, string>();

    /// <summary>
    /// The steps for a provider. None for "cpu": the library appends that itself, last. TensorRT is followed by CUDA on the
    /// same device, which takes the nodes that TensorRT leaves. The rest go by the spelling that
    /// microsoft/onnxruntime:onnxruntime/core/session/provider_registration.cc compares with.
    /// </summary>
    public static IReadOnlyList<ProviderStep> For(string provider, IReadOnlyDictionary<string, string> options) =>
        Normalize(provider) switch
        {
            "cpu" when options.Count == 0 => [],
            "cpu" => throw new ArgumentException(
                $"The provider 'cpu' has no options, and {string.Join(", ", options.Keys)} was given.",
                nameof(options)
            ),
            "cuda" => [new ProviderStep(ProviderKind.Cuda, "CUDA", options)],
            "tensorrt" =>
            [
                new ProviderStep(ProviderKind.TensorRt, "TensorRT", options),
                new ProviderStep(
                    ProviderKind.Cuda,
                    "CUDA",
                    options.TryGetValue(DeviceId, out var device) ? new Dictionary<string, string> { [DeviceId] = device } : None
                ),
            ],
            "webgpu" => [new ProviderStep(ProviderKind.Named, "WebGPU", options)],
            "dml" => [new ProviderStep(ProviderKind.Named, "DML", options)],
            "coreml" => [new ProviderStep(ProviderKind.Named, "CoreML", options)],
            "openvino" => [new ProviderStep(ProviderKind.Named, "OpenVINO", options)],
            "qnn" or "xnnpack" => [new ProviderStep(ProviderKind.Named, provider.ToUpperInvariant(), options)],
            _ => [new ProviderStep(ProviderKind.Named, provider, options)],
        };

    /// <summary>A provider's short name: "cuda" for "CUDAExecutionProvider".</summary>
    public static string Normalize(string provider)
    {
        const string Suffix = "ExecutionProvider";
        var name = provider.EndsWith(Suffix, StringComparison.OrdinalIgnoreCase) ? provider[..^Suffix.Length] : provider;
#pragma warning disable CA1308 // Short names are lower case everywhere: on the command line, in documents.
        return name.ToLowerInvariant();
#pragma warning restore CA1308
    }
}
