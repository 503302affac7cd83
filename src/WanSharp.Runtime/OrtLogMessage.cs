namespace WanSharp.Runtime;

/// <summary>A message of ONNX Runtime.</summary>
/// <param name="Level">Its severity.</param>
/// <param name="Source">The session's name (<see cref="SessionSettings.Name"/>), or the environment's.</param>
/// <param name="Text">The message.</param>
/// <param name="Location">The place in the library's source.</param>
public readonly record struct OrtLogMessage(OrtLogLevel Level, string Source, string Text, string Location);
