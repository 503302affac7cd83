using System.Runtime.InteropServices;

namespace WanSharp.Runtime.Native;

// One class a kind of native object: what it is, and which function releases it.

/// <summary>The environment: logger, thread pool, shared allocator.</summary>
internal sealed class OrtEnvironmentHandle(OrtApi api, nint pointer, SafeHandle log) : OrtHandle(api, pointer, log)
{
    /// <summary>
    /// Held while the library makes or ends an environment: it lets go of its lock before the last one's logger is gone,
    /// and a new one made meanwhile fails.
    /// </summary>
    public static Lock Gate { get; } = new();

    protected override unsafe void ReleaseObject()
    {
        lock (Gate)
        {
            Api.Table->ReleaseEnv(handle);
        }
    }
}

/// <summary>Settings of the thread pool, read when the environment is made.</summary>
internal sealed class OrtThreadingOptionsHandle(OrtApi api, nint pointer) : OrtHandle(api, pointer)
{
    protected override unsafe void ReleaseObject() => Api.Table->ReleaseThreadingOptions(handle);
}

/// <summary>Where memory is: the host's, or a device's.</summary>
internal sealed class OrtMemoryInfoHandle(OrtApi api, nint pointer) : OrtHandle(api, pointer)
{
    protected override unsafe void ReleaseObject() => Api.Table->ReleaseMemoryInfo(handle);
}

/// <summary>Settings of one session, read when it is made.</summary>
internal sealed class OrtSessionOptionsHandle(OrtApi api, nint pointer) : OrtHandle(api, pointer)
{
    protected override unsafe void ReleaseObject() => Api.Table->ReleaseSessionOptions(handle);
}

/// <summary>Options of the CUDA provider.</summary>
internal sealed class OrtCudaProviderOptionsHandle(OrtApi api, nint pointer) : OrtHandle(api, pointer)
{
    protected override unsafe void ReleaseObject() => Api.Table->ReleaseCudaProviderOptions(handle);
}

/// <summary>Options of the TensorRT provider.</summary>
internal sealed class OrtTensorRtProviderOptionsHandle(OrtApi api, nint pointer) : OrtHandle(api, pointer)
{
    protected override unsafe void ReleaseObject() => Api.Table->ReleaseTensorRtProviderOptions(handle);
}

/// <summary>The declared type of a graph's input or output.</summary>
internal sealed class OrtTypeInfoHandle(OrtApi api, nint pointer) : OrtHandle(api, pointer)
{
    protected override unsafe void ReleaseObject() => Api.Table->ReleaseTypeInfo(handle);
}

/// <summary>The element type and shape of a value.</summary>
internal sealed class OrtTensorInfoHandle(OrtApi api, nint pointer) : OrtHandle(api, pointer)
{
    protected override unsafe void ReleaseObject() => Api.Table->ReleaseTensorTypeAndShapeInfo(handle);
}

/// <summary>Settings of one run at a time; carries the order to stop.</summary>
internal sealed class OrtRunOptionsHandle(OrtApi api, nint pointer) : OrtHandle(api, pointer)
{
    protected override unsafe void ReleaseObject() => Api.Table->ReleaseRunOptions(handle);
}

/// <summary>What a run of a session on a device takes and where its results go.</summary>
internal sealed class OrtIoBindingHandle(OrtApi api, nint pointer, OrtSessionHandle session) : OrtHandle(api, pointer, session)
{
    protected override unsafe void ReleaseObject() => Api.Table->ReleaseIoBinding(handle);
}

/// <summary>A session's allocator of device memory.</summary>
internal sealed class OrtAllocatorHandle(OrtApi api, nint pointer, OrtSessionHandle session) : OrtHandle(api, pointer, session)
{
    protected override unsafe void ReleaseObject() => Api.Table->ReleaseAllocator(handle);
}

/// <summary>A compiled graph; keeps its environment, the native copies of its names and the weights lent to it alive.</summary>
internal sealed class OrtSessionHandle(OrtApi api, nint pointer, params SafeHandle[] dependencies) : OrtHandle(api, pointer, dependencies)
{
    protected override unsafe void ReleaseObject() => Api.Table->ReleaseSession(handle);
}

/// <summary>A tensor as the library sees it; keeps borrowed memory alive.</summary>
internal sealed class OrtValueHandle(OrtApi api, nint pointer, params SafeHandle[] memory) : OrtHandle(api, pointer, memory)
{
    protected override unsafe void ReleaseObject() => Api.Table->ReleaseValue(handle);
}
