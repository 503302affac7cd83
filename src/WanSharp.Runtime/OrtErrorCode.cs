namespace WanSharp.Runtime;

/// <summary>
/// What kind of failure ONNX Runtime reported. Numbers:
/// microsoft/onnxruntime:include/onnxruntime/core/session/onnxruntime_error_code.h.
/// </summary>
public enum OrtErrorCode
{
    /// <summary>No failure.</summary>
    Ok,

    /// <summary>No closer kind is known.</summary>
    Fail,

    /// <summary>An argument is wrong: a shape, a name, an option.</summary>
    InvalidArgument,

    /// <summary>A file is missing.</summary>
    NoSuchFile,

    /// <summary>No model was loaded.</summary>
    NoModel,

    /// <summary>The engine failed.</summary>
    EngineError,

    /// <summary>An exception inside the library, such as a failed allocation.</summary>
    RuntimeException,

    /// <summary>The model is not a readable protobuf.</summary>
    InvalidProtobuf,

    /// <summary>A model was loaded already.</summary>
    ModelLoaded,

    /// <summary>An operator or a type has no kernel.</summary>
    NotImplemented,

    /// <summary>The graph breaks a rule of ONNX.</summary>
    InvalidGraph,

    /// <summary>An execution provider failed.</summary>
    ProviderFail,

    /// <summary>The creation of a session was cancelled.</summary>
    ModelLoadCanceled,

    /// <summary>The provider wants the model compiled first.</summary>
    ModelRequiresCompilation,

    /// <summary>Something that was asked for by name does not exist.</summary>
    NotFound,
}
