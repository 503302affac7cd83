using WanSharp.Runtime.Providers;

namespace WanSharp.Runtime.Devices;

/// <summary>Which providers compute in memory of their own, and what the library calls it.</summary>
internal static class ProviderMemory
{
    /// <summary>
    /// WebGPU's and DirectML's sessions share one device of the process and its command queue without locks of their own:
    /// runs of two sessions at once end the process. The device is the process's, so its lock is too.
    /// </summary>
    private static readonly Lock SharedDevice = new();

    /// <summary>
    /// The names of a provider's memory, newest first (WebGPU's changed); none for a provider that works on host memory or
    /// moves elements by itself. Source: microsoft/onnxruntime:include/onnxruntime/core/framework/allocator.h.
    /// </summary>
    public static IReadOnlyList<string> NamesOf(string provider) =>
        ProviderPlan.Normalize(provider) switch
        {
            "cuda" or "tensorrt" => ["Cuda"],
            "webgpu" => ["WebGPU_Buf", "WebGPU_Buffer"],
            "dml" => ["DML"],
            _ => [],
        };

    /// <summary>What calls to a provider's device take turns by.</summary>
    public static Lock? TurnOf(string provider) => ProviderPlan.Normalize(provider) is "webgpu" or "dml" ? SharedDevice : null;

    /// <summary>The memory that sessions of these settings keep values in.</summary>
    /// <exception cref="OrtException">The library knows none of the memory's names.</exception>
    public static SessionMemory Open(OrtRuntime runtime, SessionSettings settings)
    {
        var names = NamesOf(settings.Provider);
        for (var i = 0; i < names.Count; i++)
        {
            try
            {
                return new DeviceMemory(runtime, settings, names[i]);
            }
            catch (OrtException) when (i + 1 < names.Count)
            {
                // An older library has the older name.
            }
        }

        return new HostMemory(runtime);
    }
}
