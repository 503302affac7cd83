using System.Text.Json;
using WanSharp.Graphs;
using WanSharp.Tensors;

namespace WanSharp.Runtime;

/// <summary>
/// What came of a provider's first use on this machine: one block of the transformer, compared with the processor's. Immutable.
/// </summary>
public sealed record ProviderTrial
{
    /// <summary>When it was tried.</summary>
    public required DateTimeOffset Tried { get; init; }

    /// <summary>The version of ONNX Runtime that computed.</summary>
    public required string OnnxRuntime { get; init; }

    /// <summary>The type that it computed in.</summary>
    public required DType Compute { get; init; }

    /// <summary>The operators that gave the right numbers: those that its networks are written with from then on.</summary>
    public required Lowering Lowering { get; init; }

    /// <summary>Whether attention may be the fused operator among them.</summary>
    public required bool FusedAttention { get; init; }

    /// <summary>The largest difference from the processor, in parts of the largest number.</summary>
    public required double Error { get; init; }

    /// <summary>The same of the fused operators, where they were not taken; null where they were.</summary>
    public double? FusedError { get; init; }

    /// <summary>What a run of the block took, in milliseconds: the median of three. It is a small block, <see cref="BlockTrial.Tokens"/>
    /// tokens of <see cref="BlockTrial.Width"/>.</summary>
    public required double Milliseconds { get; init; }

    /// <summary>The trial as it is kept.</summary>
    internal byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, TrialJson.Default.ProviderTrial);

    /// <summary>A trial that was kept; null for something else.</summary>
    internal static ProviderTrial? FromJson(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, TrialJson.Default.ProviderTrial);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
