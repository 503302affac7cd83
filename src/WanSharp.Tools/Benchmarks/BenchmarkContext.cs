using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Weights;

namespace WanSharp.Tools.Benchmarks;

/// <summary>What networks are loaded on.</summary>
/// <param name="Runtime">ONNX Runtime.</param>
/// <param name="Settings">The provider that is measured, and its options.</param>
/// <param name="Transformer">How transformers are compiled.</param>
internal sealed record BenchmarkContext(OrtRuntime Runtime, SessionSettings Settings, TransformerOptions Transformer)
{
    /// <summary>How many blocks stay in the memory that computes. Default: all.</summary>
    public int ResidentBlocks { get; init; } = WeightStore.AllBlocks;
}
