using WanSharp.Runtime;

namespace WanSharp.Engine.Selftest;

/// <summary>What the checks run networks on.</summary>
/// <param name="Runtime">ONNX Runtime.</param>
/// <param name="Graphs">Compiles each graph once.</param>
/// <param name="Settings">The provider that is tested, and its options.</param>
internal sealed record SelftestContext(OrtRuntime Runtime, GraphCache Graphs, SessionSettings Settings);
