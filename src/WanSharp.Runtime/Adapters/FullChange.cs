using System.Numerics.Tensors;
using Tensor = WanSharp.Tensors.Tensor;

namespace WanSharp.Runtime.Adapters;

/// <summary>W + strength · difference: what files keep under <c>.diff</c>, <c>.diff_b</c> and <c>.diff_m</c>.</summary>
/// <param name="difference">As many elements as the weight has.</param>
/// <param name="scale">What the difference is multiplied by.</param>
public sealed class FullChange(Tensor difference, double scale = 1) : WeightChange
{
    /// <inheritdoc/>
    public override void Apply(Tensor weight, double strength, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var wide = Wide(difference, weight.Shape);
        var values = weight.Write<float>();
        TensorPrimitives.MultiplyAdd(wide.Read<float>(), (float)(strength * scale), values, values);
    }
}
