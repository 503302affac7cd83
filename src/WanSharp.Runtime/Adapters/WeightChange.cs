using WanSharp.Tensors;

namespace WanSharp.Runtime.Adapters;

/// <summary>What a LoRA does to one weight of a network. Immutable; its tensors stay their file's.</summary>
public abstract class WeightChange
{
    /// <summary>Changes a weight.</summary>
    /// <param name="weight">The weight, F32, in the network's shape.</param>
    /// <param name="strength">How strongly; 1 as it was trained.</param>
    /// <param name="cancellationToken">Stops between rows.</param>
    public abstract void Apply(Tensor weight, double strength, CancellationToken cancellationToken);

    /// <summary>The change as a product of two thin matrices; null where it is none of at most this rank.</summary>
    /// <param name="mostRank">The largest rank that is worth it.</param>
    public virtual LowRankChange? AsLowRank(long mostRank) => null;

    /// <summary>A tensor's elements as F32 in their own memory, with other dimensions; the caller disposes it.</summary>
    private protected static Tensor Wide(Tensor tensor, Shape shape)
    {
        var wide = Tensor.Zeros(DType.F32, shape);
        try
        {
            tensor.Reshape(shape).ConvertTo(wide);
            return wide;
        }
        catch
        {
            wide.Dispose();
            throw;
        }
    }

    /// <summary>[out, …] → [out, everything else].</summary>
    private protected static Tensor Matrix(Tensor tensor) =>
        tensor.Reshape([tensor.Shape[0], tensor.Shape[0] == 0 ? 0 : tensor.Shape.ElementCount / tensor.Shape[0]]);
}
