using WanSharp.Graphs;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

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
    /// <summary>The differences that pass in F32.</summary>
    public FixtureLimits Limits { get; } = FixtureLimits.For(Settings);

    /// <summary>The differences that pass of what a network gives.</summary>
    /// <param name="kernels">Those in F32.</param>
    /// <param name="write">Writes the network as the provider runs it.</param>
    /// <param name="compute">What it computes in. Default: what the settings say.</param>
    public NetworkLimits LimitsOf(double kernels, Func<GraphOptions, OnnxGraph> write, DType? compute = null)
    {
        var type = compute ?? Settings.Compute;
        return new NetworkLimits(
            new NumberLimit(kernels) { Compute = type },
            type == DType.F32
                ? []
                : write(Runtime.GraphOptionsFor(Settings with { Compute = type }) with { Probes = true })
                    .Outputs.ToDictionary(output => output.Name, output => output.Roundings)
        );
    }
}
