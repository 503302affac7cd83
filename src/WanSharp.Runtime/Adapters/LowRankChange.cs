using WanSharp.Tensors;

namespace WanSharp.Runtime.Adapters;

/// <summary>W + strength · scale · up · down: what LoRA is.</summary>
/// <remarks>Source: Hu et al., LoRA (arXiv 2106.09685); the scale is alpha / rank.</remarks>
/// <param name="down">[rank, in], or more dimensions that make up in.</param>
/// <param name="up">[out, rank], or more dimensions of length 1.</param>
/// <param name="scale">What the product is multiplied by.</param>
public sealed class LowRankChange(Tensor down, Tensor up, double scale) : WeightChange
{
    /// <summary>[rank, in].</summary>
    public Tensor Down { get; } = Matrix(down);

    /// <summary>[out, rank].</summary>
    public Tensor Up { get; } = Matrix(up);

    /// <summary>What the product is multiplied by.</summary>
    public double Scale => scale;

    /// <summary>The rank.</summary>
    public long Rank => Down.Shape[0];

    /// <inheritdoc/>
    public override void Apply(Tensor weight, double strength, CancellationToken cancellationToken)
    {
        using var wideDown = Wide(Down, Down.Shape);
        using var wideUp = Wide(Up, Up.Shape);
        MatrixProduct.AddTo(Matrix(weight), wideUp, wideDown, (float)(strength * scale), cancellationToken);
    }

    /// <inheritdoc/>
    public override LowRankChange? AsLowRank(long mostRank) => Rank <= mostRank ? this : null;
}
