using System.Runtime.InteropServices;

namespace WanSharp.Runtime.Native;

/// <summary>
/// The functions of ONNX Runtime's C API that are called here, each at its slot of the native table. Slots are the ABI:
/// they were counted in <c>struct OrtApi</c> of microsoft/onnxruntime:include/onnxruntime/core/session/onnxruntime_c_api.h
/// (API 30) and never move; later versions only append. An opaque object is an <see cref="nint"/>, and a function
/// that returns one <see cref="nint"/> with a noun for its own name returns an <c>OrtStatus*</c>, null for success.
/// </summary>
/// <remarks>The library exists for 64-bit processes only, so a slot is eight bytes.</remarks>
[StructLayout(LayoutKind.Explicit)]
internal unsafe struct OrtApiTable
{
    private const int Slot = 8;

    [FieldOffset(Slot * 1)]
    public delegate* unmanaged<nint, OrtErrorCode> GetErrorCode;

    [FieldOffset(Slot * 2)]
    public delegate* unmanaged<nint, byte*> GetErrorMessage;

    [FieldOffset(Slot * 93)]
    public delegate* unmanaged<nint, void> ReleaseStatus;

    // Environment: one per process, with the thread pool and the allocator that all sessions share.
    [FieldOffset(Slot * 121)]
    public delegate* unmanaged<nint*, nint> CreateThreadingOptions;

    [FieldOffset(Slot * 122)]
    public delegate* unmanaged<nint, void> ReleaseThreadingOptions;

    [FieldOffset(Slot * 147)]
    public delegate* unmanaged<nint, int, nint> SetGlobalIntraOpNumThreads;

    [FieldOffset(Slot * 148)]
    public delegate* unmanaged<nint, int, nint> SetGlobalInterOpNumThreads;

    [FieldOffset(Slot * 149)]
    public delegate* unmanaged<nint, int, nint> SetGlobalSpinControl;

    [FieldOffset(Slot * 151)]
    public delegate* unmanaged<
        delegate* unmanaged<nint, OrtLogLevel, byte*, byte*, byte*, byte*, void>,
        nint,
        OrtLogLevel,
        byte*,
        nint,
        nint*,
        nint> CreateEnvWithCustomLoggerAndGlobalThreadPools;

    [FieldOffset(Slot * 6)]
    public delegate* unmanaged<nint, nint> DisableTelemetryEvents;

    [FieldOffset(Slot * 92)]
    public delegate* unmanaged<nint, void> ReleaseEnv;

    [FieldOffset(Slot * 69)]
    public delegate* unmanaged<int, int, nint*, nint> CreateCpuMemoryInfo;

    [FieldOffset(Slot * 68)]
    public delegate* unmanaged<byte*, int, int, int, nint*, nint> CreateMemoryInfo;

    [FieldOffset(Slot * 94)]
    public delegate* unmanaged<nint, void> ReleaseMemoryInfo;

    [FieldOffset(Slot * 176)]
    public delegate* unmanaged<nint, nint, nint> RegisterAllocator;

    [FieldOffset(Slot * 78)]
    public delegate* unmanaged<nint*, nint> GetAllocatorWithDefaultOptions;

    [FieldOffset(Slot * 76)]
    public delegate* unmanaged<nint, void*, nint> AllocatorFree;

    [FieldOffset(Slot * 125)]
    public delegate* unmanaged<byte***, int*, nint> GetAvailableProviders;

    [FieldOffset(Slot * 126)]
    public delegate* unmanaged<byte**, int, nint> ReleaseAvailableProviders;

    // Session options.
    [FieldOffset(Slot * 10)]
    public delegate* unmanaged<nint*, nint> CreateSessionOptions;

    [FieldOffset(Slot * 100)]
    public delegate* unmanaged<nint, void> ReleaseSessionOptions;

    [FieldOffset(Slot * 11)]
    public delegate* unmanaged<nint, byte*, nint> SetOptimizedModelFilePath;

    [FieldOffset(Slot * 13)]
    public delegate* unmanaged<nint, int, nint> SetSessionExecutionMode;

    [FieldOffset(Slot * 14)]
    public delegate* unmanaged<nint, byte*, nint> EnableProfiling;

    [FieldOffset(Slot * 17)]
    public delegate* unmanaged<nint, nint> DisableMemPattern;

    [FieldOffset(Slot * 20)]
    public delegate* unmanaged<nint, byte*, nint> SetSessionLogId;

    [FieldOffset(Slot * 23)]
    public delegate* unmanaged<nint, int, nint> SetSessionGraphOptimizationLevel;

    [FieldOffset(Slot * 24)]
    public delegate* unmanaged<nint, int, nint> SetIntraOpNumThreads;

    [FieldOffset(Slot * 120)]
    public delegate* unmanaged<nint, nint> DisablePerSessionThreads;

    [FieldOffset(Slot * 124)]
    public delegate* unmanaged<nint, byte*, long, nint> AddFreeDimensionOverrideByName;

    [FieldOffset(Slot * 130)]
    public delegate* unmanaged<nint, byte*, byte*, nint> AddSessionConfigEntry;

    [FieldOffset(Slot * 210)]
    public delegate* unmanaged<nint, byte**, nint*, nuint, nint> AddExternalInitializers;

    [FieldOffset(Slot * 216)]
    public delegate* unmanaged<nint, byte*, byte**, byte**, nuint, nint> AppendExecutionProvider;

    [FieldOffset(Slot * 205)]
    public delegate* unmanaged<nint*, nint> CreateCudaProviderOptions;

    [FieldOffset(Slot * 206)]
    public delegate* unmanaged<nint, byte**, byte**, nuint, nint> UpdateCudaProviderOptions;

    [FieldOffset(Slot * 204)]
    public delegate* unmanaged<nint, nint, nint> AppendCudaExecutionProvider;

    [FieldOffset(Slot * 208)]
    public delegate* unmanaged<nint, void> ReleaseCudaProviderOptions;

    [FieldOffset(Slot * 171)]
    public delegate* unmanaged<nint*, nint> CreateTensorRtProviderOptions;

    [FieldOffset(Slot * 172)]
    public delegate* unmanaged<nint, byte**, byte**, nuint, nint> UpdateTensorRtProviderOptions;

    [FieldOffset(Slot * 170)]
    public delegate* unmanaged<nint, nint, nint> AppendTensorRtExecutionProvider;

    [FieldOffset(Slot * 174)]
    public delegate* unmanaged<nint, void> ReleaseTensorRtProviderOptions;

    /// <summary>Since API 22: see <see cref="OrtApi.CanCancelLoading"/>.</summary>
    [FieldOffset(Slot * 293)]
    public delegate* unmanaged<nint, byte, nint> SetLoadCancellationFlag;

    // Devices. Since API 22: see OrtApi.KnowsDevices.
    [FieldOffset(Slot * 303)]
    public delegate* unmanaged<nint, nint**, nuint*, nint> GetEpDevices;

    [FieldOffset(Slot * 307)]
    public delegate* unmanaged<nint, int> HardwareDeviceType;

    [FieldOffset(Slot * 312)]
    public delegate* unmanaged<nint, byte*> EpDeviceEpName;

    [FieldOffset(Slot * 316)]
    public delegate* unmanaged<nint, nint> EpDeviceDevice;

    // Sessions.
    [FieldOffset(Slot * 7)]
    public delegate* unmanaged<nint, byte*, nint, nint*, nint> CreateSession;

    [FieldOffset(Slot * 8)]
    public delegate* unmanaged<nint, void*, nuint, nint, nint*, nint> CreateSessionFromArray;

    [FieldOffset(Slot * 95)]
    public delegate* unmanaged<nint, void> ReleaseSession;

    [FieldOffset(Slot * 30)]
    public delegate* unmanaged<nint, nuint*, nint> SessionGetInputCount;

    [FieldOffset(Slot * 31)]
    public delegate* unmanaged<nint, nuint*, nint> SessionGetOutputCount;

    [FieldOffset(Slot * 36)]
    public delegate* unmanaged<nint, nuint, nint, byte**, nint> SessionGetInputName;

    [FieldOffset(Slot * 37)]
    public delegate* unmanaged<nint, nuint, nint, byte**, nint> SessionGetOutputName;

    [FieldOffset(Slot * 33)]
    public delegate* unmanaged<nint, nuint, nint*, nint> SessionGetInputTypeInfo;

    [FieldOffset(Slot * 34)]
    public delegate* unmanaged<nint, nuint, nint*, nint> SessionGetOutputTypeInfo;

    [FieldOffset(Slot * 98)]
    public delegate* unmanaged<nint, void> ReleaseTypeInfo;

    [FieldOffset(Slot * 110)]
    public delegate* unmanaged<nint, nint, byte**, nint> SessionEndProfiling;

    [FieldOffset(Slot * 9)]
    public delegate* unmanaged<nint, nint, byte**, nint*, nuint, byte**, nuint, nint*, nint> Run;

    [FieldOffset(Slot * 39)]
    public delegate* unmanaged<nint*, nint> CreateRunOptions;

    [FieldOffset(Slot * 97)]
    public delegate* unmanaged<nint, void> ReleaseRunOptions;

    [FieldOffset(Slot * 46)]
    public delegate* unmanaged<nint, nint> RunOptionsSetTerminate;

    [FieldOffset(Slot * 47)]
    public delegate* unmanaged<nint, nint> RunOptionsUnsetTerminate;

    // Runs whose results stay on a device.
    [FieldOffset(Slot * 134)]
    public delegate* unmanaged<nint, nint*, nint> CreateIoBinding;

    [FieldOffset(Slot * 135)]
    public delegate* unmanaged<nint, void> ReleaseIoBinding;

    [FieldOffset(Slot * 136)]
    public delegate* unmanaged<nint, byte*, nint, nint> BindInput;

    [FieldOffset(Slot * 137)]
    public delegate* unmanaged<nint, byte*, nint, nint> BindOutput;

    [FieldOffset(Slot * 138)]
    public delegate* unmanaged<nint, byte*, nint, nint> BindOutputToDevice;

    [FieldOffset(Slot * 133)]
    public delegate* unmanaged<nint, nint, nint, nint> RunWithBinding;

    [FieldOffset(Slot * 140)]
    public delegate* unmanaged<nint, nint, nint**, nuint*, nint> GetBoundOutputValues;

    [FieldOffset(Slot * 141)]
    public delegate* unmanaged<nint, void> ClearBoundInputs;

    [FieldOffset(Slot * 142)]
    public delegate* unmanaged<nint, void> ClearBoundOutputs;

    [FieldOffset(Slot * 131)]
    public delegate* unmanaged<nint, nint, nint*, nint> CreateAllocator;

    [FieldOffset(Slot * 132)]
    public delegate* unmanaged<nint, void> ReleaseAllocator;

    // Values.
    [FieldOffset(Slot * 48)]
    public delegate* unmanaged<nint, long*, nuint, OrtElementType, nint*, nint> CreateTensorAsOrtValue;

    [FieldOffset(Slot * 49)]
    public delegate* unmanaged<nint, void*, nuint, long*, nuint, OrtElementType, nint*, nint> CreateTensorWithDataAsOrtValue;

    [FieldOffset(Slot * 96)]
    public delegate* unmanaged<nint, void> ReleaseValue;

    [FieldOffset(Slot * 51)]
    public delegate* unmanaged<nint, void**, nint> GetTensorMutableData;

    [FieldOffset(Slot * 65)]
    public delegate* unmanaged<nint, nint*, nint> GetTensorTypeAndShape;

    [FieldOffset(Slot * 99)]
    public delegate* unmanaged<nint, void> ReleaseTensorTypeAndShapeInfo;

    [FieldOffset(Slot * 55)]
    public delegate* unmanaged<nint, nint*, nint> CastTypeInfoToTensorInfo;

    [FieldOffset(Slot * 60)]
    public delegate* unmanaged<nint, OrtElementType*, nint> GetTensorElementType;

    [FieldOffset(Slot * 61)]
    public delegate* unmanaged<nint, nuint*, nint> GetDimensionsCount;

    [FieldOffset(Slot * 62)]
    public delegate* unmanaged<nint, long*, nuint, nint> GetDimensions;

    [FieldOffset(Slot * 63)]
    public delegate* unmanaged<nint, byte**, nuint, nint> GetSymbolicDimensions;
}
