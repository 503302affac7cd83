using WanSharp.Graphs;
using WanSharp.Runtime.Providers;

namespace WanSharp.Runtime.Devices;

/// <summary>How networks are written for each provider: the one place where that is decided.</summary>
internal static class ProviderGraphs
{
    /// <summary>
    /// TensorRT, CoreML and their kin read ONNX alone: fused operators would leave their engines for the CPU. WebGPU has all
    /// of our fused operators, but its attention for 32 queries and more counts on wide subgroups and is wrong on devices
    /// without (SwiftShader's have four lanes): it is asked for only where it computes right.
    /// </summary>
    public static GraphOptions For(OrtRuntime runtime, SessionSettings settings) =>
        ProviderPlan.Normalize(settings.Provider) switch
        {
            "tensorrt" or "coreml" or "openvino" or "qnn" or "xnnpack" => new GraphOptions { Lowering = Lowering.Plain },
            "webgpu" => new GraphOptions { FusedAttention = FusedAttentionCheck.IsRight(runtime, settings), RewriteConvolutions = false },
            "cpu" => new GraphOptions(),
            _ => new GraphOptions { RewriteConvolutions = false },
        };
}
