using WanSharp.Graphs;
using WanSharp.Runtime;

namespace WanSharp.Hosting.Outputs;

/// <summary>What came of a provider's first use on this machine, as JSON.</summary>
/// <param name="Tried">When.</param>
/// <param name="Onnxruntime">The version of ONNX Runtime.</param>
/// <param name="Precision">What it computed in.</param>
/// <param name="Operators">What its networks are written with: "fused", "fused, plain attention" or "plain".</param>
/// <param name="Error">The largest difference from the processor, in parts of the largest number.</param>
/// <param name="FusedError">The same of the fused operators, where they were not taken.</param>
/// <param name="BlockMs">Milliseconds of a small block.</param>
public sealed record TrialOutput(
    DateTimeOffset Tried,
    string Onnxruntime,
    string Precision,
    string Operators,
    double Error,
    double? FusedError,
    double BlockMs
)
{
    /// <summary>The trial.</summary>
    public static TrialOutput From(ProviderTrial trial)
    {
        ArgumentNullException.ThrowIfNull(trial);
        return new(
            trial.Tried,
            trial.OnnxRuntime,
            Runtime.Precision.Of(trial.Compute, Quantization.None).Name,
            trial switch
            {
                { Lowering: Lowering.Plain } => "plain",
                { FusedAttention: false } => "fused, plain attention",
                _ => "fused",
            },
            trial.Error,
            trial.FusedError,
            Math.Round(trial.Milliseconds, 3)
        );
    }
}
