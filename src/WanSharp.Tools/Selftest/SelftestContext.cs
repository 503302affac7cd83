using WanSharp.Runtime;
using WanSharp.Runtime.Networks;

namespace WanSharp.Tools.Selftest;

/// <summary>What the checks run networks on.</summary>
/// <param name="Runtime">ONNX Runtime.</param>
/// <param name="Graphs">Compiles each graph once.</param>
/// <param name="Settings">The provider that is tested, and its options.</param>
/// <param name="Transformer">How transformers are compiled; by default block by block.</param>
internal sealed record SelftestContext(
    OrtRuntime Runtime,
    GraphCache Graphs,
    SessionSettings Settings,
    TransformerOptions? Transformer = null
)
{
    /// <summary>The differences that pass.</summary>
    public FixtureLimits Limits { get; } = FixtureLimits.For(Settings);
}
