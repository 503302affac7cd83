namespace WanSharp.Tools.Export;

/// <summary>How far an export has come.</summary>
/// <param name="Doing">What happens now, such as "writing transformer.onnx".</param>
/// <param name="BytesWritten">Bytes of weights written so far.</param>
/// <param name="BytesTotal">Bytes of weights in all.</param>
public readonly record struct ExportProgress(string Doing, long BytesWritten, long BytesTotal);
